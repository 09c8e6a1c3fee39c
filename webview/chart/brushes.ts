/** A range along an axis, in its places. */
export type Range = readonly [low: number, high: number];

/** The ends of all axes: a bit beyond every place. */
export const ENDS: Range = [-0.12, 1.02];

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
    const [low, high] = [Math.max(ENDS[0], Math.min(a, b)), Math.min(ENDS[1], Math.max(a, b))];
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
