/** A range along an axis, in its places. */
export type Range = readonly [low: number, high: number];

/** The ends of all axes: a bit beyond every place. */
export const ENDS: Range = [-0.12, 1.02];

const within = (place: number): number => Math.max(ENDS[0], Math.min(ENDS[1], place));

/** The ranges that a user has set on axes, by the axis' number. A run is selected that lies within all of them. */
export class Brushes {
  private readonly ranges = new Map<number, Range>();

  get isEmpty(): boolean {
    return this.ranges.size === 0;
  }

  of(axis: number): Range | undefined {
    return this.ranges.get(axis);
  }

  /** Sets the range of an axis; the whole axis is no range. */
  set(axis: number, a: number, b: number): void {
    const [low, high] = [within(Math.min(a, b)), within(Math.max(a, b))];
    if (low <= ENDS[0] && high >= ENDS[1]) this.ranges.delete(axis);
    else this.ranges.set(axis, [low, high]);
  }

  clear(axis?: number): void {
    if (axis === undefined) this.ranges.clear();
    else this.ranges.delete(axis);
  }

  /** Whether a line with these places, one for each axis, lies within all ranges. */
  has(places: ArrayLike<number>, from: number): boolean {
    for (const [axis, [low, high]] of this.ranges) {
      const place = places[from + axis]!;
      if (place < low || place > high) return false;
    }
    return true;
  }
}

/** A range as the values of the runs in it, which tell it on an axis with other places. */
export interface ValueRange {
  axis: string;
  inside: readonly PlotValue[];
}

type PlotValue = number | string | undefined;

/**
 * The range on an axis that holds the values of another range, up to halfway to the next place outside of them.
 * Undefined where the axis has none of these values.
 */
export function rangeOf(
  inside: readonly PlotValue[],
  placeOf: (value: PlotValue) => number,
  own: readonly PlotValue[],
): Range | undefined {
  const has = new Set(inside);
  const held = own.filter((value) => has.has(value)).map(placeOf);
  if (held.length === 0) return undefined;
  const [low, high] = [Math.min(...held), Math.max(...held)];
  const others = own.map(placeOf);
  const below = others.filter((place) => place < low);
  const above = others.filter((place) => place > high);
  return [
    below.length === 0 ? ENDS[0] : (low + Math.max(...below)) / 2,
    above.length === 0 ? ENDS[1] : (high + Math.min(...above)) / 2,
  ];
}

/** Axes with more places than these are moved along in even steps. */
const MOST_STOPS = 60;
const STEPS = 50;

/** Where an end of a range can stand for the keyboard: between neighbouring places, and at both ends. */
export function edgesOf(places: readonly number[]): number[] {
  const [low, high] = ENDS;
  const distinct = [...new Set(places)].sort((a, b) => a - b);
  if (distinct.length > MOST_STOPS)
    return Array.from({ length: STEPS + 1 }, (_, i) => low + ((high - low) * i) / STEPS);
  return [low, ...distinct.slice(1).map((place, i) => (place + distinct[i]!) / 2), high];
}

/** The edge next to a place, upwards or downwards. */
export function nextEdge(edges: readonly number[], place: number, up: boolean): number {
  const found = up ? edges.find((edge) => edge > place + 1e-9) : edges.findLast((edge) => edge < place - 1e-9);
  return found ?? (up ? edges.at(-1)! : edges[0]!);
}
