import { UserError } from "../../base/errors.ts";
import type { Batch } from "../../backbone/batch.ts";
import { stateFold, type Race } from "./foldStatement.ts";
import { phrase } from "../../base/phrase.ts";
import { formsOf, isFold, type Form } from "./latencyForms.ts";
import type { Progress } from "../subject/outcomes.ts";
import { medianInterval } from "../statistics/medianInterval.ts";
import type { Subject } from "../subject/subject.ts";
import type { Latency, Timed } from "../../protocol/results/latency.ts";

/** The batch shapes that are timed: each text length (tokens) at each batch size, every form once in each round. */
export interface Grid {
  lengths: readonly number[];
  batches: readonly number[];
  rounds: number;
}
const GRID: Grid = { lengths: [32, 128, 256], batches: [1, 16], rounds: 16 };
const WARM_UP = 2;
const TOKENS = 4;

/** Makes a batch of test tokens, repeated as often as its size needs, without padding. */
function batchOf({ test, special }: Subject, length: number, rows: number): Batch {
  const ids = test.flatMap((each) => Array.from(each.ids)).filter((id) => !special.has(id));
  if (ids.length === 0)
    throw new UserError(
      "latency-texts-empty",
      phrase`The test texts have no tokens to time with`,
      phrase`Give task.test texts.`,
    );
  return {
    rows,
    sourceLength: length,
    targetLength: 1,
    ids: Int32Array.from({ length: rows * length }, (_, i) => ids[i % ids.length]!),
    mask: new Float32Array(rows * length).fill(1),
    labels: new Int32Array(rows).fill(1),
  };
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const from = performance.now();
  await work();
  return performance.now() - from;
};

/**
 * The order in which a round times the forms. It starts one form later every two rounds and is reversed in every second
 * round, so that no form always follows the same other form.
 */
export function turns(count: number, round: number): number[] {
  const order = Array.from({ length: count }, (_, turn) => (turn + (round >> 1)) % count);
  return round % 2 === 0 ? order : order.reverse();
}

/**
 * Times every form on one batch, in turn, in ms. All forms decode the same number of tokens: where an output ends
 * depends on what was learned, not on the form.
 */
async function race(
  forms: readonly Form[],
  batch: Batch,
  rounds: number,
): Promise<{ endToEnd: number[]; inputLayer: number[] }[]> {
  const times = forms.map(() => ({ endToEnd: [] as number[], inputLayer: [] as number[] }));
  for (let round = -WARM_UP; round < rounds; round++)
    for (const at of turns(forms.length, round + WARM_UP)) {
      const { model, parameters } = forms[at]!;
      const whole = await timed(() => model.generate(parameters, batch, TOKENS, { endless: true }));
      const input = await timed(() => model.input(parameters, batch));
      if (round >= 0) {
        times[at]!.endToEnd.push(whole);
        times[at]!.inputLayer.push(input);
      }
    }
  return times;
}

/**
 * Measures the latency of a run's forms and of its rivals at every text length and batch size, after warm-up, in
 * alternating order, and compares the run's folded form with the others.
 * @throws UserError where the test texts have no tokens
 */
export async function analyseLatency(
  subject: Subject,
  progress: Progress,
  { lengths: gridLengths, batches, rounds }: Grid = GRID,
): Promise<Latency> {
  const rowsOfTable =
    subject.side.positions === undefined ? Infinity : subject.side.positions.length / subject.side.width;
  const behind = subject.side.isCausal === true ? TOKENS - 1 : 0;
  const lengths = gridLengths.filter((length) => length + behind <= rowsOfTable);
  const forms = formsOf(subject, Math.max(...gridLengths) + behind);
  const rows: Timed[] = [];
  const races: Race[] = [];
  const cells = lengths.length * batches.length;
  const total = cells + Number(forms.some(isFold));
  for (const length of lengths)
    for (const batchSize of batches) {
      const times = await race(forms, batchOf(subject, length, batchSize), rounds);
      const bare = times[0]!.endToEnd;
      times.forEach(({ endToEnd, inputLayer }, i) => {
        const { form, count, promptLength } = forms[i]!;
        races.push({ form, length, batchSize, endToEnd });
        rows.push({
          form,
          parameters: count,
          promptLength,
          length,
          batchSize,
          endToEnd: medianInterval(endToEnd),
          inputLayer: medianInterval(inputLayer),
          ratio: medianInterval(endToEnd.map((each, round) => each / bare[round]!)),
        });
      });
      progress({
        label: `${length} tokens, batch ${batchSize}`,
        done: rows.length / forms.length,
        total,
        metric: undefined,
      });
    }
  const fold = await stateFold(subject, forms, races, (share) => {
    progress({ label: "predictions of the fold", done: cells + share, total, metric: undefined });
  });
  return { rounds, tokens: TOKENS, device: subject.tuned.device, rows, fold };
}
