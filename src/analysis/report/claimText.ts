import type { Claim } from "./claims.ts";
import { number, points } from "./format.ts";

const shown = ({ unit }: Claim, value: number): string =>
  unit === "share" ? points(value) : `${number(10 ** value, 3)} times`;

/** What was measured of a claim, in points or times, with its interval. */
export function measured(claim: Claim): string {
  const { mean, interval } = claim;
  const middle = shown(claim, mean);
  if (interval === undefined) return `${middle} (one seed)`;
  return `${middle} [${shown(claim, interval[0])}, ${shown(claim, interval[1])}]`;
}

/** Half the interval: an effect of this size would have been found about half the time. "" without an interval. */
export function detectable(claim: Claim): string {
  if (claim.interval === undefined) return "";
  const half = (claim.interval[1] - claim.interval[0]) / 2;
  return claim.unit === "share" ? `${points(half)} points` : `${number(10 ** half, 3)} times`;
}
