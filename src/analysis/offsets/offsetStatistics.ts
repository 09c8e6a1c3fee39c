import type { Batch } from "../../backbone/batch.ts";
import { offsetAt, type InputSide } from "../subject/alteredInput.ts";
import type { OffsetSize } from "../../protocol/results/offsets.ts";

/** Accumulates the sums of offset sizes, one token after the other. */
class Sizes {
  private readonly byDimension: Float64Array;
  readonly norms: number[] = [];
  constructor(width: number) {
    this.byDimension = new Float64Array(width);
  }

  add(values: Float32Array): void {
    let squares = 0;
    for (let i = 0; i < values.length; i++) {
      this.byDimension[i]! += Math.abs(values[i]!);
      squares += values[i]! ** 2;
    }
    this.norms.push(Math.sqrt(squares));
  }

  get summary(): { meanAbs: number; sdOfDimensions: number; meanL2: number; sdL2: number } {
    const n = this.norms.length;
    const means = [...this.byDimension].map((sum) => sum / n);
    const [meanAbs, sdOfDimensions] = meanAndSpread(means);
    const [meanL2, sdL2] = meanAndSpread(this.norms);
    return { meanAbs, sdOfDimensions, meanL2, sdL2 };
  }
}

function meanAndSpread(values: readonly number[]): [mean: number, sd: number] {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return [mean, Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length)];
}

/** Yields every token of the batches with its place, including padding if `padding` is true. */
export function* tokensOf(
  batches: Iterable<Batch>,
  padding: boolean,
): Generator<{ row: number; place: number; id: number }> {
  for (const { rows, sourceLength, ids, mask } of batches) {
    for (let row = 0; row < rows; row++)
      for (let place = 0; place < sourceLength; place++)
        if (padding || mask[row * sourceLength + place] !== 0)
          yield { row, place, id: ids[row * sourceLength + place]! };
  }
}

/** The size of the offsets over all tokens. @param padding whether padded places count, as in the published code */
export function offsetSize(side: InputSide, batches: Iterable<Batch>, padding: boolean): OffsetSize {
  const offsets = new Sizes(side.width);
  const embeddings = new Sizes(side.width);
  for (const at of tokensOf(batches, padding)) {
    offsets.add(offsetAt(side, at));
    embeddings.add(side.table.row(at.id));
  }
  const own = offsets.summary;
  const frozen = embeddings.summary;
  const [meanRatio] = meanAndSpread(offsets.norms.map((norm, i) => norm / embeddings.norms[i]!));
  return {
    tokens: offsets.norms.length,
    ...own,
    embeddingMeanAbs: frozen.meanAbs,
    embeddingSdOfDimensions: frozen.sdOfDimensions,
    embeddingMeanL2: frozen.meanL2,
    meanRatio,
    ratioOfMeans: own.meanL2 / frozen.meanL2,
  };
}

/**
 * The specificity index: the share of the offsets' sum of squares about their mean that lies between token types. It is
 * 1 where each token always has the same offset. Undefined where all offsets are equal.
 */
export function specificityIndex(side: InputSide, batches: Iterable<Batch>): number | undefined {
  const { width } = side;
  const types = new Map<number, { count: number; sum: Float64Array }>();
  const total = new Float64Array(width);
  let count = 0;
  let squares = 0;
  for (const at of tokensOf(batches, false)) {
    const offset = offsetAt(side, at);
    const type = types.get(at.id) ?? { count: 0, sum: new Float64Array(width) };
    types.set(at.id, type);
    type.count++;
    count++;
    for (let i = 0; i < width; i++) {
      const x = offset[i]!;
      type.sum[i]! += x;
      total[i]! += x;
      squares += x * x;
    }
  }
  const centre = total.reduce((sum, x) => sum + (x / count) ** 2, 0) * count;
  const all = squares - centre;
  if (!(all > 1e-12 * squares)) return undefined;
  return (
    ([...types.values()].reduce((sum, type) => sum + type.sum.reduce((inner, x) => inner + x * x, 0) / type.count, 0) -
      centre) /
    all
  );
}

/** Mean offset of the valid tokens (d), each occurrence counted: the constant of A3. */
export function meanOffset(side: InputSide, batches: Iterable<Batch>): Float32Array {
  const sum = new Float64Array(side.width);
  let count = 0;
  for (const at of tokensOf(batches, false)) {
    offsetAt(side, at).forEach((x, i) => {
      sum[i]! += x;
    });
    count++;
  }
  return Float32Array.from(sum, (x) => x / count);
}

/** Mean offset at each place over the rows that are valid there: the position table of A6, (longest, d). */
export function positionalMeans(side: InputSide, batches: Iterable<Batch>): Float32Array[] {
  const sums: { sum: Float64Array; count: number }[] = [];
  for (const at of tokensOf(batches, false)) {
    const into = (sums[at.place] ??= { sum: new Float64Array(side.width), count: 0 });
    offsetAt(side, at).forEach((x, i) => {
      into.sum[i]! += x;
    });
    into.count++;
  }
  return sums.map(({ sum, count }) => Float32Array.from(sum, (x) => x / count));
}
