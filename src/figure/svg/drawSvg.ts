import { BarChart, CustomChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent } from "echarts/components";
import { init, setPlatformAPI, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { Plot } from "../figureSpec.ts";
import { barsOption } from "./barsOption.ts";
import { heatmapOption } from "./heatmapOption.ts";
import { intervalsOption } from "./intervalsOption.ts";
import { linesOption } from "./linesOption.ts";
import { parallelOption } from "./parallelOption.ts";
import { textWidth, type Chart } from "./chartOption.ts";

use([BarChart, CustomChart, LineChart, GridComponent, LegendComponent, SVGRenderer]);
// Without a browser nothing measures a text; too wide an estimate leaves gaps, too narrow a one cuts labels.
setPlatformAPI({ measureText: (text) => ({ width: textWidth(text) }) });

function chartOf(plot: Plot): Chart {
  switch (plot.kind) {
    case "lines":
      return linesOption(plot);
    case "intervals":
      return intervalsOption(plot);
    case "bars":
      return barsOption(plot);
    case "heatmap":
      return heatmapOption(plot);
    case "parallel":
      return parallelOption(plot);
  }
}

/** What ECharts adds for a page that answers the pointer, and a still picture does not need. */
const INTERACTIVE = / (?:class="[^"]*"|ecmeta_[a-z_]+="[^"]*"|pointer-events="[^"]*")|<style[^>]*>[^]*?<\/style>/g;

/**
 * Draws a plot as SVG text, without a browser, in the colours of the light theme on no background.
 * @param id begins the ids inside the picture, which must not be those of another picture in one page
 * @returns the same text for the same arguments
 */
export function drawSvg(plot: Plot, id: string): string {
  const { option, width, height } = chartOf(plot);
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption({ animation: false, silent: true, ...option });
  const text = chart.renderToSVGString();
  chart.dispose();
  return text.replace(INTERACTIVE, "").replace(/zr\d+-/g, `${id}-`);
}
