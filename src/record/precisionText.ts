import type { PrecisionCost } from "./record.ts";

const MEGABYTE = 1e6;

/** Formats the numbers of a precision comparison for display, in the order in which a sentence names them. */
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

/** What is narrower than fp32: the stored weights, the products, or both. */
export function narrowName({ weights, compute }: Pick<PrecisionCost, "weights" | "compute">): string {
  if (compute !== "bf16") return `${weights} weights`;
  return weights === "fp32" ? "bf16 products" : `${weights} weights, bf16 products`;
}

/** Describes in one line how a backbone with narrower weights or products differs from fp32. */
export function precisionText(cost: PrecisionCost): string {
  const [loss, wideLoss, change, same, examples, megabytes, wideMegabytes] = precisionNumbers(cost);
  const split = cost.split === "train" ? "training" : cost.split;
  return `${narrowName(cost)}, ${cost.label}: ${split} loss ${loss} instead of ${wideLoss} (${change}), ${same} of ${examples} predictions the same, ${megabytes} MB instead of ${wideMegabytes} MB`;
}
