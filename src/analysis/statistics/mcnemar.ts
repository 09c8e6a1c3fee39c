import { chiSquaredTail, lnGamma } from "./distributions.ts";

/** McNemar's test of two classifiers A and B on the same examples: the four counts of examples, and p-values. */
export interface McNemarResult {
  bothRight: number;
  onlyARight: number;
  onlyBRight: number;
  bothWrong: number;
  /** Two-sided, by the binomial distribution. */
  exactP: number;
  chi2: number;
  chi2P: number;
  /** With Edwards' continuity correction, as is `correctedP`. */
  correctedChi2: number;
  correctedP: number;
}

/** P(X <= k) of a binomial with n trials of probability 1/2. */
function fairBinomial(k: number, n: number): number {
  let sum = 0;
  for (let i = 0; i <= k; i++) sum += Math.exp(lnGamma(n + 1) - lnGamma(i + 1) - lnGamma(n - i + 1) - n * Math.LN2);
  return sum;
}

/**
 * McNemar's test from counts: exact (binomial), and by chi-squared with and without Edwards' correction. Every p is 1
 * where no example is right by one classifier alone.
 */
export function mcnemarOf({
  bothRight,
  onlyARight,
  onlyBRight,
  bothWrong,
}: {
  bothRight: number;
  onlyARight: number;
  onlyBRight: number;
  bothWrong: number;
}): McNemarResult {
  const discordant = onlyARight + onlyBRight;
  const apart = Math.abs(onlyARight - onlyBRight);
  const chi2 = discordant === 0 ? 0 : apart ** 2 / discordant;
  const correctedChi2 = discordant === 0 ? 0 : (apart - 1) ** 2 / discordant;
  const exactP =
    discordant === 0 || apart === 0 ? 1 : Math.min(1, 2 * fairBinomial(Math.min(onlyARight, onlyBRight), discordant));
  return {
    bothRight,
    onlyARight,
    onlyBRight,
    bothWrong,
    exactP,
    chi2,
    chi2P: discordant === 0 ? 1 : chiSquaredTail(chi2, 1),
    correctedChi2,
    correctedP: discordant === 0 ? 1 : chiSquaredTail(correctedChi2, 1),
  };
}

/** McNemar's test from whether each classifier was right on each example; both lists have the same order. */
export function mcnemar(a: readonly boolean[], b: readonly boolean[]): McNemarResult {
  const count = (left: boolean, right: boolean): number =>
    a.filter((value, i) => value === left && b[i] === right).length;
  return mcnemarOf({
    bothRight: count(true, true),
    onlyARight: count(true, false),
    onlyBRight: count(false, true),
    bothWrong: count(false, false),
  });
}
