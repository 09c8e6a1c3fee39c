import { medianInterval } from "../../../src/analysis/statistics/medianInterval.ts";
import type { MedianInterval } from "../../../src/protocol/results/intervals.ts";

/** A summary of repeated measurements. */
export interface Figures {
  median: number;
  least: number;
  n: number;
}

/** @param values at least one */
export function figures(values: readonly number[]): Figures {
  if (values.length === 0) throw new Error("nothing was measured");
  return { median: medianInterval(values).median, least: Math.min(...values), n: values.length };
}

/** The peer's time over ours of the same round, above 1 where ours is the faster: the median with its 95 % interval. */
export function speedRatio(ours: readonly number[], peer: readonly number[]): MedianInterval {
  if (ours.length !== peer.length) throw new Error(`rounds do not pair: ${ours.length} and ${peer.length}`);
  return medianInterval(ours.map((own, round) => peer[round]! / own));
}

/** The exponent of the power law that the values follow, by least squares of their logarithms; 1 is linear growth. */
export function growthExponent(points: readonly { x: number; y: number }[]): number {
  const logs = points.map(({ x, y }) => [Math.log(x), Math.log(y)] as const);
  const mean = (of: (point: readonly [number, number]) => number): number =>
    logs.reduce((sum, point) => sum + of(point), 0) / logs.length;
  const [x, y] = [mean(([a]) => a), mean(([, b]) => b)];
  return logs.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0) / logs.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
}
