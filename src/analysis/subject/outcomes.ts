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

/** Told after each case; throws to end the analysis. */
export type Progress = (told: { label: string; done: number; total: number; metric: number | undefined }) => void;

export const outcome = (label: string, { metrics, loss, predictions }: EvaluationResult): Outcome => ({
  label,
  metrics,
  loss,
  right: predictions.map((each) => (isRight(each) ? "1" : "0")).join(""),
});
export const withoutAlter = <T extends { alter: Alter }>({ alter: _, ...rest }: T): Omit<T, "alter"> => rest;

/**
 * Looks behind the predictions: at the unaltered texts first, then at each case's; `next` ends a case and tells what
 * was seen of it.
 */
export interface Watch<X> {
  reference: (seen: Observation, batch: Batch) => void;
  altered: (seen: Observation, batch: Batch) => void;
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

/** The texts as they are: evaluated once, unless somebody looks behind the predictions. */
async function referenceOf(
  { test, evaluate }: Subject,
  see: ((seen: Observation, batch: Batch) => void) | undefined,
): Promise<EvaluationResult> {
  const known = see === undefined ? references.get(test) : undefined;
  const result = known ?? (await evaluate({}, { see }));
  references.set(test, result);
  return result;
}

/** Evaluates each case and holds it against the run as it is; cases that the subject's memo has are taken from it. */
export async function altered<C extends Case, X extends object = object>(
  subject: Subject,
  cases: readonly C[],
  { progress, watch, same = () => false }: Options<C, X>,
): Promise<{ full: Outcome; cases: (C & AlteredOutcome & X)[] }> {
  const total = cases.length + 1;
  const reference = await referenceOf(subject, watch?.reference);
  const told = (label: string, done: number, metrics: Record<string, number>): void => {
    progress({ label, done, total, metric: Object.values(metrics)[0] });
  };
  told("as trained", 1, reference.metrics);
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
    told(each.label, results.length + 1, result.metrics);
  }
  const { holm } = corrected(results.map(({ versus }) => versus.mcnemarP));
  return { full: outcome("as trained", reference), cases: results.map((each, i) => ({ ...each, holmP: holm[i]! })) };
}

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
const sameBytes = (a: Float32Array, b: Float32Array): boolean =>
  a.byteLength === b.byteLength && Buffer.compare(bytesOf(a), bytesOf(b)) === 0;

/**
 * Tells of alterations whether they leave the input as it is to the bit, so that evaluating it again could only repeat
 * the same numbers.
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
