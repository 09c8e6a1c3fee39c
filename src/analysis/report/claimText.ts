import type { Claim } from "./claims.ts";
import { number, points } from "./format.ts";

/** What a value of each unit is counted in; a ratio's says so by itself. */
const COUNTED: Record<Claim["unit"], string> = {
  share: "points",
  "log-ratio": "times",
  correlation: "of the correlation",
  nats: "nats",
};

function shown({ unit }: Claim, value: number): string {
  if (unit === "share") return points(value);
  return unit === "log-ratio" ? `${number(10 ** value, 3)} times` : number(value);
}

/** What was measured of a claim, in its unit, with its interval. */
export function measured(claim: Claim): string {
  const { mean, interval } = claim;
  const middle = shown(claim, mean);
  if (interval === undefined) return `${middle} (one seed)`;
  return `${middle} [${shown(claim, interval[0])}, ${shown(claim, interval[1])}]`;
}

/** The same with what it is counted in before it, where the figures do not say so. */
export const measuredWithUnit = (claim: Claim): string =>
  `${claim.unit === "log-ratio" ? "" : `${COUNTED[claim.unit]}: `}${measured(claim)}`;

/** Half the interval: an effect of this size would have been found about half the time. "" without an interval. */
export function detectable(claim: Claim): string {
  if (claim.interval === undefined) return "";
  const half = (claim.interval[1] - claim.interval[0]) / 2;
  return claim.unit === "log-ratio" ? shown(claim, half) : `${shown(claim, half)} ${COUNTED[claim.unit]}`;
}

/** How many seeds, examples or rounds a claim was measured on. */
export const counted = ({ n, over }: Claim): string => `${n} ${n === 1 ? over.replace(/s$/, "") : over}`;

/** What the effects of claims are counted in. */
export function unitsOf(claims: readonly Claim[]): string {
  const other = [...new Set(claims.map(({ unit }) => unit))].filter(
    (unit) => unit === "correlation" || unit === "nats",
  );
  return other.length === 0 ? "points or times" : `points, times or ${other.map((unit) => COUNTED[unit]).join(" or ")}`;
}
