import type { Batch } from "../../backbone/batch.ts";
import { alteredBatch, offsetAt } from "../subject/alteredInput.ts";
import { batchesOf } from "../subject/batches.ts";
import type { LocalModel } from "../../model/localModel.ts";
import type { Parameters } from "../../method/parameters.ts";
import { padded } from "../subject/paddedBatch.ts";
import type { Subject } from "../subject/subject.ts";
import type { PositionProperties } from "../../protocol/results/positionShift.ts";

const TOKENS = 32;
const PLACES = 64;
const EXAMPLES = 16;
const WINDOWS = [64, 128, 256];

/** Makes a batch with a row for each token, which repeats that token at every place. */
function repeated(tokens: readonly number[], places: number): Batch {
  const rows = tokens.length;
  const ids = Int32Array.from({ length: rows * places }, (_, i) => tokens[Math.floor(i / places)]!);
  return {
    rows,
    sourceLength: places,
    targetLength: 1,
    ids,
    mask: new Float32Array(rows * places).fill(1),
    labels: new Int32Array(rows).fill(1),
  };
}

const largestOf = (count: number, value: (i: number) => number): number => {
  let most = 0;
  for (let i = 0; i < count; i++) most = Math.max(most, Math.abs(value(i)));
  return most;
};

/**
 * Measures the properties that must hold exactly (T0, T5, T6) on the run's own graph, with tokens and texts of its test
 * split: up to 32 tokens at up to 64 places, and up to 16 texts padded to windows of 64, 128 and 256.
 */
export async function positionProperties(subject: Subject): Promise<PositionProperties> {
  const { side, test, train, tuned, adapter } = subject;
  const { width: d, table } = side;
  const rows = side.positions === undefined ? Infinity : side.positions.length / d;
  const tokens = [...new Set([...test, ...train].slice(0, 200).flatMap(({ ids }) => Array.from(ids)))].slice(0, TOKENS);
  const S = Math.min(PLACES, rows);
  const batch = repeated(tokens, S);
  const X = await tuned.input(adapter.parameters, batch);
  const m = X.length / (tokens.length * d) - S;
  const prompt = side.prompt ?? new Float32Array(0);
  const expected = new Float32Array(d);
  const found = { largest: 0, acrossPlaces: 0, acrossTokens: 0, withinType: 0, hostAgrees: 0, promptChange: 0 };
  const text = (row: number, place: number): Float32Array => {
    const from = (row * (m + S) + m + place) * d;
    return X.subarray(from, from + d);
  };
  for (const [row, id] of tokens.entries()) {
    for (let place = 0; place < m; place++)
      for (let i = 0; i < d; i++)
        found.promptChange = Math.max(
          found.promptChange,
          Math.abs(X[(row * (m + S) + place) * d + i]! - (prompt[place * d + i] ?? NaN)),
        );
    const mean = new Float64Array(d);
    for (let place = 0; place < S; place++)
      text(row, place).forEach((x, i) => {
        mean[i]! += x / S;
      });
    for (let place = 0; place < S; place++) {
      const own = text(row, place);
      const first = text(row, 0);
      const other = text(0, place);
      offsetAt(side, { row, place, id }, {}, expected);
      const [embedding, otherEmbedding] = [table.row(id), table.row(tokens[0]!)];
      for (let i = 0; i < d; i++) {
        const offset = own[i]! - embedding[i]!;
        found.largest = Math.max(found.largest, Math.abs(offset));
        found.acrossPlaces = Math.max(found.acrossPlaces, Math.abs(own[i]! - first[i]!));
        found.acrossTokens = Math.max(found.acrossTokens, Math.abs(offset - (other[i]! - otherEmbedding[i]!)));
        found.hostAgrees = Math.max(found.hostAgrees, Math.abs(offset - expected[i]!));
        // A value equal to that of the first place counts as 0, so that rounding of the mean does not count as
        // variance.
        found.withinType += own[i]! === first[i]! ? 0 : (own[i]! - mean[i]!) ** 2 / (S * tokens.length);
      }
    }
  }
  return { tokens: tokens.length, places: S, ...found, ...(await paddingProperties(subject, rows)) };
}

/** The logits of the labels, and those of the first new token after a text that is read with its padding. */
async function logitsOf(model: LocalModel, parameters: Parameters, batch: Batch): Promise<Float32Array> {
  const labels = (await model.forward(parameters, batch)).logits.data as Float32Array;
  let first = new Float32Array(0);
  await model.predict(parameters, batch, 1, ({ logits }) => {
    first = Float32Array.from(logits);
  });
  const all = new Float32Array(labels.length + first.length);
  all.set(labels);
  all.set(first, labels.length);
  return all;
}

/**
 * T5: the largest change of a logit, relative to the largest logit, when the batch is padded further (`padding`), and
 * when the masked places hold threes instead of zeros (`padValue`).
 */
async function paddingProperties(
  { side, test, tuned, model, adapter }: Subject,
  rows: number,
): Promise<{ padding: number; padValue: number }> {
  const short = test.filter(({ ids }) => ids.length <= Math.min(WINDOWS.at(-1)!, rows)).slice(0, EXAMPLES);
  const [batch] = batchesOf(short.length > 0 ? short : test.slice(0, 1));
  const before = await logitsOf(tuned, adapter.parameters, batch!);
  const most = largestOf(before.length, (i) => before[i]!);
  let padding = 0;
  for (const window of WINDOWS.filter((each) => each > batch!.sourceLength && each <= rows)) {
    const after = await logitsOf(tuned, adapter.parameters, padded(batch!, window));
    padding = Math.max(padding, largestOf(before.length, (i) => after[i]! - before[i]!) / most);
  }
  const fed = alteredBatch(padded(batch!, batch!.sourceLength + 4), side);
  const other = fed.inputEmbeddings!.slice();
  for (let place = 0; place < fed.mask.length; place++)
    if (fed.mask[place] === 0) other.fill(3, place * side.width, (place + 1) * side.width);
  const zeros = await logitsOf(model, new Map(), fed);
  const threes = await logitsOf(model, new Map(), { ...fed, inputEmbeddings: other });
  return { padding, padValue: largestOf(zeros.length, (i) => threes[i]! - zeros[i]!) / most };
}
