import type { EvaluationResult } from "../../training/evaluation.ts";
import type { Batch } from "../../backbone/batch.ts";
import type { Observation } from "../../model/model.ts";
import { alteredBatch } from "./alteredInput.ts";
import { batchesOf } from "./batches.ts";
import { differenceOf, isRight } from "../compare/difference.ts";
import { corrected } from "../statistics/corrections.ts";
import { alterationOf, type Alter, type Subject } from "./subject.ts";
import type { AlteredOutcome, Difference, Outcome } from "../../protocol/results/outcome.ts";

/** One altered evaluation; `group` gathers those that belong together, such as the draws of one permutation test. */
export interface Case {
  label: string;
  group: string;
  alter: Alter;
}

/** Called after each case; throws to end the analysis. */
export type Progress = (done: { label: string; done: number; total: number; metric: number | undefined }) => void;

export const outcome = (label: string, { metrics, loss, predictions }: EvaluationResult): Outcome => ({
  label,
  metrics,
  loss,
  right: predictions.map((each) => (isRight(each) ? "1" : "0")).join(""),
});
export const withoutAlter = <T extends { alter: Alter }>({ alter: _, ...rest }: T): Omit<T, "alter"> => rest;

/** Receives the logits and states behind the predictions: those of the unaltered texts, then those of each case. */
export interface Watch<X> {
  reference: (seen: Observation, batch: Batch) => void;
  altered: (seen: Observation, batch: Batch) => void;
  /**
   * Ends a case and returns what was measured of it.
   * @param same whether the case left the input as it is, so that nothing was evaluated
   */
  next: (same: boolean) => X;
}

interface Options<C, X> {
  progress: Progress;
  watch?: Watch<X>;
  same?: (each: C) => boolean;
}
type Judged = Outcome & { versus: Difference };

/** Evaluations of unaltered texts that analyses of the same subject share, by their list of examples. */
const references = new WeakMap<Subject["test"], EvaluationResult>();

/** The result on the unaltered texts: evaluated once, unless logits and states are asked for. */
async function referenceOf(
  { test, evaluate }: Subject,
  see: ((seen: Observation, batch: Batch) => void) | undefined,
): Promise<EvaluationResult> {
  const known = see === undefined ? references.get(test) : undefined;
  const result = known ?? (await evaluate({}, { see }));
  references.set(test, result);
  return result;
}

/** Evaluates each case and compares it with the unaltered run; cases that the subject's memo has are taken from it. */
export async function altered<C extends Case, X extends object = object>(
  subject: Subject,
  cases: readonly C[],
  { progress, watch, same = () => false }: Options<C, X>,
): Promise<{ full: Outcome; cases: (C & AlteredOutcome & X)[] }> {
  const total = cases.length + 1;
  const reference = await referenceOf(subject, watch?.reference);
  const report = (label: string, done: number, metrics: Record<string, number>): void => {
    progress({ label, done, total, metric: Object.values(metrics)[0] });
  };
  report("as trained", 1, reference.metrics);
  const judge = async (each: C): Promise<Judged & X> => {
    const unchanged = same(each);
    const result = unchanged ? reference : await subject.evaluate(each.alter, { see: watch?.altered });
    return {
      ...outcome(each.label, result),
      versus: differenceOf(result, reference),
      ...watch?.next(unchanged),
    } as Judged & X;
  };
  const results: (C & Judged & X)[] = [];
  for (const each of cases) {
    const kept = subject.memo?.get(each.label) as (Judged & X) | undefined;
    const result = kept ?? (await judge(each));
    if (kept === undefined) subject.memo?.put(each.label, result);
    results.push({ ...each, ...result });
    report(each.label, results.length + 1, result.metrics);
  }
  const { holm } = corrected(results.map(({ versus }) => versus.mcnemarP));
  return { full: outcome("as trained", reference), cases: results.map((each, i) => ({ ...each, holmP: holm[i]! })) };
}

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
const sameBytes = (a: Float32Array, b: Float32Array): boolean =>
  a.byteLength === b.byteLength && Buffer.compare(bytesOf(a), bytesOf(b)) === 0;

/**
 * Returns a function that says whether an alteration leaves the input the same to the bit. Evaluating such an input
 * again could only repeat the same numbers.
 */
export function inputComparer({ side, test }: Pick<Subject, "side" | "test">): (alter: Alter) => boolean {
  const batches = batchesOf(test).map((batch) => ({ batch, before: alteredBatch(batch, side) }));
  return (alter) =>
    batches.every(({ batch, before }) => {
      const after = alteredBatch(batch, side, alterationOf(alter, batch));
      return (
        before.sourceLength === after.sourceLength &&
        sameBytes(before.mask, after.mask) &&
        sameBytes(before.inputEmbeddings!, after.inputEmbeddings!)
      );
    });
}
