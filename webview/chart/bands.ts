import type { Chart, Plugin } from "chart.js";
import { isInterval } from "./whiskers.ts";

/**
 * Fills the intervals of a series as one band behind its line, in the series' colour.
 * @param isBand the series that have a band, by their index
 */
export const bands = (isBand: (index: number) => boolean): Plugin => ({
  id: "bands",
  beforeDatasetsDraw(chart: Chart): void {
    const { y } = chart.scales;
    const { ctx, chartArea } = chart;
    if (y === undefined) return;
    for (const [index, { borderColor, data }] of chart.data.datasets.entries()) {
      if (!chart.isDatasetVisible(index) || !isBand(index)) continue;
      const values: unknown[] = data;
      const elements = chart.getDatasetMeta(index).data;
      const all = values.flatMap((value, i) => (isInterval(value) ? [{ at: elements[i]?.x ?? 0, ...value }] : []));
      ctx.save();
      ctx.beginPath();
      ctx.rect(chartArea.left, chartArea.top, chartArea.width, chartArea.height);
      ctx.clip();
      ctx.beginPath();
      for (const { at, high } of all) ctx.lineTo(at, y.getPixelForValue(high));
      for (const { at, low } of all.reverse()) ctx.lineTo(at, y.getPixelForValue(low));
      ctx.fillStyle = typeof borderColor === "string" ? borderColor : "currentColor";
      ctx.globalAlpha = 0.2;
      ctx.fill();
      ctx.restore();
    }
  },
});
