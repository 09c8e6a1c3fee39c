import { drawnAxis } from "../axisTicks.ts";
import type { BarsPlot } from "../figureSpec.ts";
import { FONT, legendHeight, legendOf, lookOf, nameAxis, valueAxis, WIDTH, type Chart } from "./chartOption.ts";

const HEIGHT = 260;

/** Bars side by side: filled and outlined in turn, so that two series differ even without colours. */
export function barsOption({ x, y, labels, series }: BarsPlot): Chart {
  const names = series.map(({ name }) => name);
  const axis = drawnAxis({ title: y, scale: "linear" }, [0, ...series.flatMap(({ values }) => values)]);
  const top = 12 + legendHeight(names);
  return {
    width: WIDTH,
    height: HEIGHT + top,
    option: {
      legend: legendOf(names),
      grid: { left: 70, right: 16, top, bottom: 50 },
      xAxis: nameAxis(labels, {
        name: x,
        nameLocation: "middle",
        nameGap: 30,
        axisLabel: { ...FONT, hideOverlap: true },
      }),
      yAxis: valueAxis({ ...axis, low: 0 }, 52),
      series: series.map(({ name, values }, i) => {
        const { colour } = lookOf(i);
        return {
          type: "bar",
          name,
          data: [...values],
          itemStyle: { color: i % 2 === 0 ? colour : "none", borderColor: colour, borderWidth: 1.2 },
        };
      }),
    },
  };
}
