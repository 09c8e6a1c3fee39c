import type { PrecisionCost } from "./record.ts";

const MEGABYTE = 1e6;

/** The numbers of a comparison as they are shown, in the order of a sentence about them. */
export function precisionNumbers({
  loss,
  wideLoss,
  same,
  examples,
  bytes,
  wideBytes,
}: PrecisionCost): [
  loss: string,
  wideLoss: string,
  change: string,
  same: string,
  examples: string,
  megabytes: string,
  wideMegabytes: string,
] {
  const part = 100 * (loss / wideLoss - 1);
  const megabytes = (of: number): string =>
    of < 10 * MEGABYTE ? (of / MEGABYTE).toFixed(1) : String(Math.round(of / MEGABYTE));
  return [
    loss.toFixed(4),
    wideLoss.toFixed(4),
    `${part < 0 ? "-" : "+"}${Math.abs(part).toFixed(2)} %`,
    String(same),
    String(examples),
    megabytes(bytes),
    megabytes(wideBytes),
  ];
}

/** What narrower weights cost, in one line. */
export function precisionText(cost: PrecisionCost): string {
  const [loss, wideLoss, change, same, examples, megabytes, wideMegabytes] = precisionNumbers(cost);
  const split = cost.split === "train" ? "training" : cost.split;
  return `${cost.weights} weights, ${cost.label}: ${split} loss ${loss} instead of ${wideLoss} (${change}), ${same} of ${examples} predictions the same, ${megabytes} MB instead of ${wideMegabytes} MB`;
}
