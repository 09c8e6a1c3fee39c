import type { Chart, Plugin } from "chart.js";

/** A point with its interval along the value axis. */
export interface Whisker {
  low?: number | undefined;
  high?: number | undefined;
}

const CAP = 3;

/**
 * The range that an axis must cover to show all values and their intervals.
 * @param zero whether the range includes 0
 */
export function reach(
  values: readonly (Whisker & { at: number })[],
  zero: boolean,
): { suggestedMin?: number; suggestedMax?: number } {
  const all = [...values.flatMap(({ at, low, high }) => [at, low ?? at, high ?? at]), ...(zero ? [0] : [])].filter(
    (value) => Number.isFinite(value),
  );
  return all.length === 0
    ? {}
    : { suggestedMin: all.reduce((a, b) => Math.min(a, b)), suggestedMax: all.reduce((a, b) => Math.max(a, b)) };
}

/** Whether a point has an interval. */
export const isInterval = (value: unknown): value is { low: number; high: number } =>
  typeof value === "object" &&
  value !== null &&
  "low" in value &&
  "high" in value &&
  typeof value.low === "number" &&
  typeof value.high === "number";

/**
 * Draws the interval of each point that has one, in its series' colour.
 * @param along the axis that the values are on
 * @param isBand the series whose intervals are a band instead, by their index
 */
export const whiskers = (along: "x" | "y", isBand: (index: number) => boolean = () => false): Plugin => ({
  id: `whiskers-${along}`,
  beforeDatasetsDraw(chart: Chart): void {
    const scale = chart.scales[along];
    const { ctx } = chart;
    if (scale === undefined) return;
    for (const [index, dataset] of chart.data.datasets.entries()) {
      if (!chart.isDatasetVisible(index) || isBand(index)) continue;
      ctx.save();
      ctx.strokeStyle = typeof dataset.borderColor === "string" ? dataset.borderColor : "currentColor";
      ctx.lineWidth = 1.5;
      for (const [at, element] of chart.getDatasetMeta(index).data.entries()) {
        const value: unknown = dataset.data[at];
        if (!isInterval(value)) continue;
        const [low, high] = [scale.getPixelForValue(value.low), scale.getPixelForValue(value.high)];
        ctx.beginPath();
        if (along === "y")
          path(ctx, [
            [element.x, low, element.x, high],
            [element.x - CAP, low, element.x + CAP, low],
            [element.x - CAP, high, element.x + CAP, high],
          ]);
        else
          path(ctx, [
            [low, element.y, high, element.y],
            [low, element.y - CAP, low, element.y + CAP],
            [high, element.y - CAP, high, element.y + CAP],
          ]);
        ctx.stroke();
      }
      ctx.restore();
    }
  },
});

function path(ctx: CanvasRenderingContext2D, lines: readonly (readonly [number, number, number, number])[]): void {
  for (const [x1, y1, x2, y2] of lines) {
    ctx.moveTo(x1, y1);
    ctx.lineTo(x2, y2);
  }
}
