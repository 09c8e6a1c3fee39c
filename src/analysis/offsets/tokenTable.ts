import { embeddedRows } from "../../backbone/embeddedRows.ts";
import { openBackbone } from "../../backbone/openBackbone.ts";
import { UserError } from "../../base/errors.ts";
import type { Precision } from "../../engine/precisionSpec.ts";
import { loadAdapter, type Adapter } from "../../adapter/adapterFolder.ts";
import { positionOffsets, tokenOffsets } from "../../adapter/fold.ts";
import type { HiddenLayer } from "../../method/method.ts";
import { methodOf } from "../../method/registry.ts";
import { nearest, norm, unitUse } from "./vocabularyTable.ts";
import type { Neighbour } from "../../protocol/results/offsets.ts";
import { phrase } from "../../base/phrase.ts";

/** The number of embedding rows that are read at a time, a few megabytes for any backbone. */
const ROWS = 2048;
const NEAREST = 5;

/** Each token's embedding (vocabulary, width), read from its file in parts. */
interface EmbeddingTable {
  vocabulary: number;
  width: number;
  /** Rows from `from` up to and without `to`, row-major. */
  rows: (from: number, to: number) => Float32Array;
}

/** A value for each token of the vocabulary. NaN where none is defined: an offset of length 0 has no direction. */
interface ByToken {
  norm: Float32Array;
  /** The offset's norm divided by that of the token's embedding. */
  ratio: Float32Array;
  /** Rank of the norm, 1 the largest. */
  rank: Int32Array;
  /** Cosine to the mean offset of the vocabulary. */
  cosine: Float32Array;
  /** Hidden units that the token switches on; undefined for the linear variant, which has no switch. */
  units: Uint16Array | undefined;
}

/**
 * Measures of a run's offsets for every token of the vocabulary and for every place. The embedding is read in parts and
 * freed; the measures of 32,128 tokens take half a megabyte.
 */
export class TokenTable {
  private constructor(
    private readonly adapter: Adapter,
    private readonly table: EmbeddingTable,
    readonly byToken: ByToken | undefined,
    readonly byPlace: Float32Array | undefined,
  ) {}

  /**
   * @param precision the precision of the run's backbone weights
   * @throws UserError for a method without offsets, or a folder that cannot be read
   */
  static open(adapterPath: string, backbone: string, precision: Precision = "fp32"): TokenTable {
    const { weights, layout } = openBackbone(backbone, { precision });
    const { vocabulary, width } = layout;
    const adapter = loadAdapter(adapterPath, layout);
    const method = methodOf(adapter.spec.kind);
    const offsets = method.offsets?.(adapter.spec);
    if (offsets === undefined)
      throw new UserError(
        "offsets-not-shown",
        phrase`The method "${method.kind}" has no offsets to show`,
        phrase`Choose a run of ADePT or DePT.`,
      );
    const table: EmbeddingTable = {
      vocabulary,
      width,
      rows: (from, to) => embeddedRows(weights.rows(layout.embedding, [vocabulary, width], [from, to]), layout),
    };
    const positions = positionOffsets(adapter, width);
    return new TokenTable(
      adapter,
      table,
      offsets.tokens !== undefined ? tokenColumns(adapter, table) : undefined,
      positions &&
        Float32Array.from({ length: positions.length / width }, (_, i) =>
          norm(positions.subarray(i * width, (i + 1) * width)),
        ),
    );
  }

  get vocabulary(): number {
    return this.table.vocabulary;
  }

  get hiddenUnits(): number {
    return hiddenLayerOf(this.adapter)?.units ?? 0;
  }

  /** The tokens nearest to a token's embedding, before and after its offset is added. */
  neighbours(id: number): { before: Neighbour[]; after: Neighbour[] } {
    const own = this.table.rows(id, id + 1);
    const offset = this.byToken === undefined ? undefined : tokenOffsets(this.adapter, own, this.table.width, id);
    const moved = offset === undefined ? own : own.map((x, i) => x + offset[i]!);
    let before: Neighbour[] = [];
    let after: Neighbour[] = [];
    const merged = (kept: Neighbour[], rows: Float32Array, first: number, vector: Float32Array): Neighbour[] =>
      [
        ...kept,
        ...nearest({ table: rows, width: this.table.width }, vector, NEAREST).map(({ id: at, cosine }) => ({
          id: first + at,
          cosine,
        })),
      ]
        .sort((a, b) => b.cosine - a.cosine)
        .slice(0, NEAREST);
    for (const { first, rows } of partsOf(this.table)) {
      before = merged(before, rows, first, own);
      after = merged(after, rows, first, moved);
    }
    return { before, after };
  }
}

/** The hidden layer of the adapter's method, where it has one. */
const hiddenLayerOf = (adapter: Adapter): HiddenLayer | undefined => methodOf(adapter.spec.kind).hiddenLayer?.(adapter);

function* partsOf({ rows, vocabulary }: EmbeddingTable): Generator<{ first: number; rows: Float32Array }> {
  for (let first = 0; first < vocabulary; first += ROWS)
    yield { first, rows: rows(first, Math.min(vocabulary, first + ROWS)) };
}

/** Computes the measures in two passes: first the mean offset of the vocabulary, then each token's cosine to it. */
function tokenColumns(adapter: Adapter, table: EmbeddingTable): ByToken {
  const { vocabulary, width } = table;
  const sum = new Float64Array(width);
  const at = (values: Float32Array, i: number): Float32Array => values.subarray(i * width, (i + 1) * width);
  const columns = {
    norm: new Float32Array(vocabulary),
    ratio: new Float32Array(vocabulary),
    cosine: new Float32Array(vocabulary),
  };
  const hidden = hiddenLayerOf(adapter);
  const units = hidden?.isSwitched === true ? new Uint16Array(vocabulary) : undefined;
  for (const { first, rows } of partsOf(table)) {
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
      units.set(
        unitUse(hidden!.input?.(rows) ?? rows, width, { down: hidden!.weight, bias: hidden!.bias }).perToken,
        first,
      );
  }
  const mean = Float32Array.from(sum, (x) => x / vocabulary);
  const meanSize = norm(mean);
  for (const { first, rows } of partsOf(table)) {
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
