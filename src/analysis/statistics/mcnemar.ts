import { chiSquaredTail, lnGamma } from "./distributions.ts";

/** Two classifiers on the same examples: how often each alone was right, and whether that can be chance. */
export interface McNemarResult {
  bothRight: number;
  onlyARight: number;
  onlyBRight: number;
  bothWrong: number;
  exactP: number;
  chi2: number;
  chi2P: number;
  correctedChi2: number;
  correctedP: number;
}

/** P(X <= k) of a fair binomial of n. */
function fairBinomial(k: number, n: number): number {
  let sum = 0;
  for (let i = 0; i <= k; i++) sum += Math.exp(lnGamma(n + 1) - lnGamma(i + 1) - lnGamma(n - i + 1) - n * Math.LN2);
  return sum;
}

/**
 * McNemar's test: exact (binomial), and by chi-squared with and without Edwards' correction. No discordant pair: p = 1.
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

/** The same from what each got right, example by example. */
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
