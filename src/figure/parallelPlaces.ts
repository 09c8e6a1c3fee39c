import { drawnAxis, tickText, type DrawnAxis } from "./axisTicks.ts";
import type { Axis, ParallelAxis, ParallelPlot } from "./figureSpec.ts";

/** An axis of parallel coordinates: where its values and ticks lie, 0 at its low end and 1 at its high end. */
export interface PlacedAxis {
  title: string;
  ticks: readonly { at: number; text: string }[];
  /** The place of a value; runs without the setting lie below the low end. */
  placeOf: (value: number | string | undefined) => number;
}

/** Where runs without a setting lie. */
const BELOW = -0.08;
/** The part of an axis of names that stays free at each end. */
const FREE = 0.06;

function numericAxis(axis: Axis, values: readonly number[]): PlacedAxis {
  const drawn: DrawnAxis = drawnAxis(axis, values);
  const to = (value: number): number => (drawn.isLogarithmic ? Math.log(value) : value);
  const [low, high] = [to(drawn.low), to(drawn.high)];
  const placeOf = (value: number | string | undefined): number =>
    typeof value === "number" ? (to(value) - low) / (high - low) : BELOW;
  return {
    title: axis.title,
    ticks: drawn.ticks.map((tick) => ({ at: placeOf(tick), text: tickText(tick) })),
    placeOf,
  };
}

function namedAxis({ title, names }: Extract<ParallelAxis, { names: unknown }>): PlacedAxis {
  const at = new Map(
    names.map((name, i) => [name, names.length < 2 ? 0.5 : FREE + ((1 - 2 * FREE) * i) / (names.length - 1)]),
  );
  return {
    title,
    ticks: names.map((text) => ({ at: at.get(text)!, text })),
    placeOf: (value) => (value === undefined ? BELOW : (at.get(String(value)) ?? BELOW)),
  };
}

/** The number of the place that is nearest to another; undefined where none is less than `most` from it. */
export function nearest(places: readonly number[], to: number, most: number): number | undefined {
  const far = places.map((place) => Math.abs(place - to));
  const least = Math.min(...far);
  return least < most ? far.indexOf(least) : undefined;
}

/** The ticks whose texts do not lie on those below them. @param least the part of the axis that a text needs */
export function apart(ticks: PlacedAxis["ticks"], least: number): PlacedAxis["ticks"] {
  let last = -Infinity;
  return ticks.filter(({ at }) => {
    if (at - last < least - 1e-9) return false;
    last = at;
    return true;
  });
}

/** The axes of parallel coordinates, from left to right. */
export const placedAxes = ({ axes, lines, none }: ParallelPlot): PlacedAxis[] =>
  axes.map((axis, i) => {
    const values = lines.map((line) => line.values[i]);
    const placed =
      "names" in axis
        ? namedAxis(axis)
        : numericAxis(
            axis,
            values.filter((value) => typeof value === "number"),
          );
    return values.includes(undefined) ? { ...placed, ticks: [{ at: BELOW, text: none }, ...placed.ticks] } : placed;
  });
