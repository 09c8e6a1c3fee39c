import { padBatch } from "../../training/batch/padBatch.ts";
import { BARE, isFold, SAME_PROMPT, type Form } from "./latencyForms.ts";
import { medianInterval } from "../statistics/medianInterval.ts";
import type { Subject } from "../subject/subject.ts";
import type { FoldAgainst, FoldStatement } from "../../protocol/results/latency.ts";

/** End-to-end times (ms) of one form on one batch shape, one value per round. */
export interface Race {
  form: string;
  length: number;
  batchSize: number;
  endToEnd: readonly number[];
}

/** Number of test texts whose predictions are compared. They all read one folded table, so more would add little. */
const CHECKED = 128;
const BATCH = 32;

/**
 * Returns the ratio of the fold's time to that of each rival, paired by round, over all batch shapes and for each.
 * @param rivals names of forms; those that were not timed are left out
 */
export function foldAgainst(races: readonly Race[], fold: string, rivals: readonly string[]): FoldAgainst[] {
  const own = races.filter(({ form }) => form === fold);
  return rivals.flatMap((against) => {
    const cells = own.flatMap(({ length, batchSize, endToEnd }) => {
      const other = races.find(
        (each) => each.form === against && each.length === length && each.batchSize === batchSize,
      );
      return other === undefined
        ? []
        : [{ length, batchSize, ratios: endToEnd.map((each, round) => each / other.endToEnd[round]!) }];
    });
    if (cells.length === 0) return [];
    return [
      {
        against,
        ratio: medianInterval(cells.flatMap(({ ratios }) => ratios)),
        cells: cells.map(({ ratios, ...cell }) => ({ ...cell, ratio: medianInterval(ratios) })),
      },
    ];
  });
}

/** Counts the test texts, of at most 128, on which two forms generate the same tokens. */
async function samePredictions(
  [a, b]: readonly [Form, Form],
  { test, experiment: { training } }: Subject,
  progress: (share: number) => void,
): Promise<{ equal: number; total: number }> {
  const checked = test.slice(0, CHECKED);
  let equal = 0;
  for (let from = 0; from < checked.length; from += BATCH) {
    const batch = padBatch(checked.slice(from, from + BATCH));
    const unfolded = await a.model.generate(a.parameters, batch, training.maxTargetLength);
    const folded = await b.model.generate(b.parameters, batch, training.maxTargetLength);
    equal += unfolded.filter((ids, row) => ids.join() === folded[row]!.join()).length;
    progress(Math.min(1, (from + BATCH) / checked.length));
  }
  return { equal, total: checked.length };
}

/**
 * Compares the folded form with the run's own form, with DePT, and with prompt tuning by the same prompt (with the
 * backbone alone where the run has no prompt): ratios of the measured times, and whether the predictions are equal.
 * @param progress called with the finished share of the predictions, 0 to 1
 * @returns undefined for a run that has no folded form
 */
export async function stateFold(
  subject: Subject,
  forms: readonly Form[],
  races: readonly Race[],
  progress: (share: number) => void = () => undefined,
): Promise<FoldStatement | undefined> {
  const kind = subject.adapter.spec.kind;
  const own = forms.find(({ form }) => form === kind);
  const fold = forms.find(isFold);
  if (own === undefined || fold === undefined) return undefined;
  const plain = forms.some(({ form }) => form === SAME_PROMPT) ? SAME_PROMPT : BARE;
  return {
    form: fold.form,
    against: foldAgainst(races, fold.form, [plain, "dept", kind]),
    predictions: await samePredictions([own, fold], subject, progress),
  };
}
