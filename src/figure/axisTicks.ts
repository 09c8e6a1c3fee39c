import type { Axis, HeatmapPlot, LinesPlot } from "./figureSpec.ts";

/** An axis with both ends and its ticks, in the axis' own values. */
export interface DrawnAxis {
  title: string;
  isLogarithmic: boolean;
  low: number;
  high: number;
  ticks: readonly number[];
  /** The names of the ticks, in their order, where they are not numbers. */
  names?: readonly string[];
}

/** Values up to this many decades apart have ticks within a decade. */
const FEW_DECADES = 2.5;
/** The part of an axis that stays free on each side of its values. */
const MARGIN = 0.04;

/** Round values between two: multiples of 1, 2 or 5 times a power of ten, about `wanted` of them. */
export function linearTicks(low: number, high: number, wanted: number): number[] {
  const rough = (high - low) / wanted || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((each) => each * power >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Round values between two positive ones: powers of ten, and 2 and 5 times them where there are few. */
function logarithmicTicks(low: number, high: number): number[] {
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const within = Math.log10(high / low) > FEW_DECADES ? [1] : [1, 2, 5];
  const every = Math.max(1, Math.ceil((to - from) / 7));
  const powers = Array.from({ length: to - from + 1 }, (_, i) => from + i).filter((power) => power % every === 0);
  const all = powers.flatMap((power) => within.map((each) => Number((each * 10 ** power).toPrecision(12))));
  const ticks = all.filter((value) => value >= low && value <= high);
  return ticks.length >= 2 ? ticks : linearTicks(low, high, 4).filter((value) => value > 0);
}

/** The axis that shows all values. */
export function drawnAxis({ title, scale, ticks, end }: Axis, given: readonly number[]): DrawnAxis {
  const isLogarithmic = scale === "logarithmic";
  const values = given.filter((value) => Number.isFinite(value) && (!isLogarithmic || value > 0));
  const all = values.length === 0 ? [1] : values;
  const low = all.reduce((a, b) => Math.min(a, b));
  const high = all.reduce((a, b) => Math.max(a, b));
  if (isLogarithmic) {
    const free = (high / low) ** MARGIN;
    const factor = free === 1 ? 2 : free;
    const ends = { low: low / factor, high: high * factor };
    return { title, isLogarithmic, ...ends, ticks: ticks ?? logarithmicTicks(ends.low, ends.high) };
  }
  const free = (high - low) * MARGIN || Math.abs(high) * MARGIN || 1;
  const ends = end === undefined ? { low: low - free, high: high + free } : { low: 0, high: Math.max(end, high) };
  return { title, isLogarithmic, ...ends, ticks: ticks ?? linearTicks(ends.low, ends.high, 6) };
}

/** The axis of cells that are numbered from 1, or have names. */
function cellAxis(
  title: string,
  count: number,
  { wanted, names }: { wanted: number; names?: readonly string[] },
): DrawnAxis {
  const ends = { title, isLogarithmic: false, low: 0.5, high: count + 0.5 };
  return names === undefined
    ? { ...ends, ticks: linearTicks(1, count, wanted).filter((tick) => Number.isInteger(tick)) }
    : { ...ends, ticks: names.map((_, i) => i + 1), names };
}

/** Both axes of a heatmap: a cell's middle is at its number. */
export function heatmapAxes({ x, y, rows, names }: HeatmapPlot): { across: DrawnAxis; down: DrawnAxis } {
  const columns = Math.max(1, ...rows.map(({ length }) => length));
  return {
    across: cellAxis(x, columns, { wanted: 10, ...(names && { names: names.x }) }),
    down: cellAxis(y, rows.length, { wanted: 5, ...(names && { names: names.y }) }),
  };
}

/** All values of a plot along x, and along y with the ends of intervals. */
export const valuesOf = ({ series }: LinesPlot): { x: number[]; y: number[] } => {
  const points = series.flatMap((each) => [...each.points, ...(each.dots ?? [])]);
  return {
    x: points.map(({ x }) => x),
    y: points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y]),
  };
};

/** The text of an axis' tick number `at`. */
export const tickName = ({ ticks, names }: DrawnAxis, at: number): string => names?.[at] ?? tickText(ticks[at]!);

/** A tick's text: at most four digits, with a true minus sign. */
export const tickText = (value: number): string => {
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential() : String(value);
  return text.replaceAll("-", "−").replace("e+", "e");
};
