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

/** The result of an evaluation in the form that is stored: which examples are right, as a string of "0" and "1". */
export const outcome = (label: string, { metrics, loss, predictions }: EvaluationResult): Outcome => ({
  label,
  metrics,
  loss,
  right: predictions.map((each) => (isRight(each) ? "1" : "0")).join(""),
});
/** A case's result without its alteration, which cannot be stored. */
export const withoutAlter = <T extends { alter: Alter }>({ alter: _, ...rest }: T): Omit<T, "alter"> => rest;

/** Receives the logits and states behind the predictions: those of the unaltered texts, then those of each case. */
export interface Watch<X> {
  reference: (observation: Observation, batch: Batch) => void;
  altered: (observation: Observation, batch: Batch) => void;
  /**
   * Ends a case and returns what was measured of it.
   * @param same whether the case leaves the input unchanged, so that it was not evaluated
   */
  next: (same: boolean) => X;
}

interface Options<C, X> {
  progress: Progress;
  watch?: Watch<X>;
  same?: (each: C) => boolean;
}
type Judged = Outcome & { versus: Difference };

/** Results on unaltered texts, by the list of examples: analyses of the same subject share them. */
const references = new WeakMap<Subject["test"], EvaluationResult>();

/** The result on the unaltered texts. They are evaluated once, and again where an observer needs logits and states. */
async function referenceOf(
  { test, evaluate }: Subject,
  observe: ((observation: Observation, batch: Batch) => void) | undefined,
): Promise<EvaluationResult> {
  const known = observe === undefined ? references.get(test) : undefined;
  const result = known ?? (await evaluate({}, { observe }));
  references.set(test, result);
  return result;
}

/**
 * Evaluates each case and compares it with the unaltered run. Results that the subject's memo has are not computed
 * again.
 * @param options `same` tells whether a case leaves the input unchanged; such a case gets the result of the unaltered
 * run
 * @returns the unaltered result, and each case with its Holm-corrected p
 */
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
    const result = unchanged ? reference : await subject.evaluate(each.alter, { observe: watch?.altered });
    return {
      ...outcome(each.label, result),
      versus: differenceOf(result, reference),
      ...watch?.next(unchanged),
    } as Judged & X;
  };
  const results: (C & Judged & X)[] = [];
  for (const each of cases) {
    const stored = subject.memo?.get(each.label) as (Judged & X) | undefined;
    const result = stored ?? (await judge(each));
    if (stored === undefined) subject.memo?.put(each.label, result);
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
 * Returns a function that tells whether an alteration leaves every bit of the input unchanged. Such a case needs no
 * evaluation: it would repeat the same numbers.
 */
export function inputComparer({ side, test }: Pick<Subject, "side" | "test">): (alter: Alter) => boolean {
  const batches = batchesOf(test).map((batch) => ({ batch, before: alteredBatch(batch, side) }));
  return (alter) =>
    batches.every(({ batch, before }) => {
      const after = alteredBatch(batch, side, alterationOf(alter, batch));
      return (
        before.sourceLength === after.sourceLength &&
        before.gap === after.gap &&
        sameBytes(before.mask, after.mask) &&
        sameBytes(before.inputEmbeddings!, after.inputEmbeddings!)
      );
    });
}
