import type { EvaluationResult } from "../training/evaluation.ts";
import type { Batch, Seen } from "../training/model.ts";
import { alteredBatch } from "./alteredInput.ts";
import { batchesOf, type Case } from "./cases.ts";
import { differenceOf, isRight, type Difference } from "./difference.ts";
import { corrected } from "./statistics/corrections.ts";
import { alterationOf, type Alter, type Subject } from "./subject.ts";

/** Told after each case; throws to end the analysis. */
export type Progress = (told: { label: string; done: number; total: number; metric: number | undefined }) => void;
/** `right`: one digit per test example, 1 where the prediction is right: what differences of differences are made of. */
export interface Outcome { label: string; metrics: Record<string, number>; loss: number; right: string }
/** `holmP`: McNemar's exact p, corrected for the number of cases in the table. */
export interface AlteredOutcome extends Outcome { versus: Difference; holmP: number }

export const outcome = (label: string, { metrics, loss, predictions }: EvaluationResult): Outcome => ({ label, metrics, loss, right: predictions.map((each) => (isRight(each) ? "1" : "0")).join("") });
export const withoutAlter = <T extends { alter: Alter }>({ alter: _, ...rest }: T): Omit<T, "alter"> => rest;

/** Looks behind the predictions: at the unaltered texts first, then at each case's; `next` ends a case and tells what was seen of it. */
export interface Watch<X> { reference: (seen: Seen, batch: Batch) => void; altered: (seen: Seen, batch: Batch) => void; next: (same: boolean) => X }

/** Cases that an analysis had finished when it was interrupted, by their label; values are plain JSON. */
export interface Memo { get: (label: string) => unknown; put: (label: string, value: unknown) => void }

interface Options<C, X> { progress: Progress; watch?: Watch<X>; same?: (each: C) => boolean }
type Judged = Outcome & { versus: Difference };

/** Evaluates each case and holds it against the run as it is; cases that the subject's memo has are taken from it. */
export async function altered<C extends Case, X extends object = object>(subject: Subject, cases: readonly C[], { progress, watch, same = () => false }: Options<C, X>): Promise<{ full: Outcome; cases: (C & AlteredOutcome & X)[] }> {
  const total = cases.length + 1, reference = await subject.evaluate({}, { see: watch?.reference }), told = (label: string, done: number, metrics: Record<string, number>): void => { progress({ label, done, total, metric: Object.values(metrics)[0] }); };
  told("as trained", 1, reference.metrics);
  const judge = async (each: C): Promise<Judged & X> => {
    const unchanged = same(each), result = unchanged ? reference : await subject.evaluate(each.alter, { see: watch?.altered });
    return { ...outcome(each.label, result), versus: differenceOf(result, reference), ...watch?.next(unchanged) } as Judged & X;
  };
  const results: (C & Judged & X)[] = [];
  for (const each of cases) {
    const kept = subject.memo?.get(each.label) as (Judged & X) | undefined, result = kept ?? await judge(each);
    if (kept === undefined) subject.memo?.put(each.label, result);
    results.push({ ...each, ...result });
    told(each.label, results.length + 1, result.metrics);
  }
  const { holm } = corrected(results.map(({ versus }) => versus.mcnemarP));
  return { full: outcome("as trained", reference), cases: results.map((each, i) => ({ ...each, holmP: holm[i]! })) };
}

/** Whether the altered input is the unaltered one to the bit, so that evaluating it again could only repeat the same numbers. */
export function sameInput({ side, test }: Pick<Subject, "side" | "test">, alter: Alter): boolean {
  return batchesOf(test).every((batch) => {
    const before = alteredBatch(batch, side), after = alteredBatch(batch, side, alterationOf(alter, batch));
    return before.sourceLength === after.sourceLength && before.mask.every((x, i) => x === after.mask[i]) && before.embedded!.every((x, i) => x === after.embedded![i]);
  });
}
