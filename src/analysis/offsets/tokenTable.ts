import { openBackbone } from "../../backbone/openBackbone.ts";
import { UserError } from "../../base/errors.ts";
import type { Precision } from "../../engine/precisionSpec.ts";
import { loadAdapter, type Adapter } from "../../adapter/adapterFolder.ts";
import { positionOffsets, tokenOffsets } from "../../adapter/fold.ts";
import type { HiddenLayer } from "../../method/method.ts";
import { methodOf } from "../../method/registry.ts";
import { nearest, norm, unitUse } from "./vocabularyTable.ts";
import type { Neighbour } from "../../protocol/results/offsets.ts";

/** Rows of the embedding read at a time: a few megabytes, whatever the backbone. */
const ROWS = 2048;
const NEAREST = 5;

/** NaN where there is none: an offset of length 0 has no direction. */
interface ByToken {
  norm: Float32Array;
  /** over the embedding's own */
  ratio: Float32Array;
  /** of the norm, 1 the largest */
  rank: Int32Array;
  cosine: Float32Array;
  /** hidden units that are switched on; the linear variant has no switch */
  units: Uint16Array | undefined;
}

/**
 * What a run's method does to every piece of the vocabulary, and to every place, as a few numbers each. The embedding
 * is read in parts and let go: a table of 32,128 pieces takes half a megabyte.
 */
export class TokenTable {
  private constructor(
    private readonly adapter: Adapter,
    private readonly embedding: (from: number, to: number) => Float32Array,
    readonly vocabulary: number,
    private readonly width: number,
    readonly byToken: ByToken | undefined,
    readonly byPlace: Float32Array | undefined,
  ) {}

  /**
   * @param precision what the run's backbone was held as
   * @throws UserError for a method without offsets, or a folder that cannot be read
   */
  static open(adapterPath: string, backbone: string, precision: Precision = "fp32"): TokenTable {
    const { weights, layout } = openBackbone(backbone, { precision });
    const { vocabulary, width } = layout;
    const adapter = loadAdapter(adapterPath, layout);
    const method = methodOf(adapter.spec.kind);
    const offsets = method.offsets?.(adapter.spec);
    if (offsets === undefined)
      throw new UserError(`The method "${method.kind}" has no offsets to show`, "Choose a run of ADePT or DePT.");
    const embedding = (from: number, to: number): Float32Array =>
      weights.rows(layout.embedding, [vocabulary, width], [from, to]);
    const positions = positionOffsets(adapter, width);
    return new TokenTable(
      adapter,
      embedding,
      vocabulary,
      width,
      offsets.tokens !== undefined ? tokenColumns(adapter, { embedding, vocabulary, width }) : undefined,
      positions &&
        Float32Array.from({ length: positions.length / width }, (_, i) =>
          norm(positions.subarray(i * width, (i + 1) * width)),
        ),
    );
  }

  get hiddenUnits(): number {
    return hiddenLayerOf(this.adapter)?.units ?? 0;
  }

  /** The words nearest to a piece's embedding before and after its offset. */
  neighbours(id: number): { before: Neighbour[]; after: Neighbour[] } {
    const own = this.embedding(id, id + 1);
    const offset = this.byToken === undefined ? undefined : tokenOffsets(this.adapter, own, this.width, id);
    const moved = offset === undefined ? own : own.map((x, i) => x + offset[i]!);
    let before: Neighbour[] = [];
    let after: Neighbour[] = [];
    const merged = (kept: Neighbour[], rows: Float32Array, first: number, vector: Float32Array): Neighbour[] =>
      [
        ...kept,
        ...nearest({ table: rows, width: this.width }, vector, NEAREST).map(({ id: at, cosine }) => ({
          id: first + at,
          cosine,
        })),
      ]
        .sort((a, b) => b.cosine - a.cosine)
        .slice(0, NEAREST);
    for (const { first, rows } of partsOf(this.embedding, this.vocabulary)) {
      before = merged(before, rows, first, own);
      after = merged(after, rows, first, moved);
    }
    return { before, after };
  }
}

/** The hidden layer of the adapter's method, where it has one. */
const hiddenLayerOf = (adapter: Adapter): HiddenLayer | undefined => methodOf(adapter.spec.kind).hiddenLayer?.(adapter);

interface Source {
  embedding: (from: number, to: number) => Float32Array;
  vocabulary: number;
  width: number;
}

function* partsOf(
  embedding: Source["embedding"],
  vocabulary: number,
): Generator<{ first: number; rows: Float32Array }> {
  for (let first = 0; first < vocabulary; first += ROWS)
    yield { first, rows: embedding(first, Math.min(vocabulary, first + ROWS)) };
}

/** Two passes: the mean offset of the vocabulary, every piece once, then each piece beside it. */
function tokenColumns(adapter: Adapter, { embedding, vocabulary, width }: Source): ByToken {
  const sum = new Float64Array(width);
  const at = (values: Float32Array, i: number): Float32Array => values.subarray(i * width, (i + 1) * width);
  const columns = {
    norm: new Float32Array(vocabulary),
    ratio: new Float32Array(vocabulary),
    cosine: new Float32Array(vocabulary),
  };
  const hidden = hiddenLayerOf(adapter);
  const units = hidden?.isSwitched === true ? new Uint16Array(vocabulary) : undefined;
  for (const { first, rows } of partsOf(embedding, vocabulary)) {
    const offsets = tokenOffsets(adapter, rows, width, first)!;
    offsets.forEach((x, i) => {
      sum[i % width]! += x;
    });
    for (let i = 0; i < rows.length / width; i++) {
      const size = norm(at(offsets, i));
      columns.norm[first + i] = size;
      columns.ratio[first + i] = size / norm(at(rows, i));
    }
    if (units !== undefined)
      units.set(unitUse(rows, width, { down: hidden!.weight, bias: hidden!.bias }).perToken, first);
  }
  const mean = Float32Array.from(sum, (x) => x / vocabulary);
  const meanSize = norm(mean);
  for (const { first, rows } of partsOf(embedding, vocabulary)) {
    const offsets = tokenOffsets(adapter, rows, width, first)!;
    for (let i = 0; i < rows.length / width; i++) {
      const own = at(offsets, i);
      let dot = 0;
      for (let j = 0; j < width; j++) dot += own[j]! * mean[j]!;
      columns.cosine[first + i] = dot / (columns.norm[first + i]! * meanSize);
    }
  }
  const order = Array.from({ length: vocabulary }, (_, id) => id).sort(
    (a, b) => columns.norm[b]! - columns.norm[a]! || a - b,
  );
  const rank = new Int32Array(vocabulary);
  order.forEach((id, place) => {
    rank[id] = place + 1;
  });
  return { ...columns, rank, units };
}
