import { embeddedRows } from "../../backbone/embeddedRows.ts";
import { openBackbone } from "../../backbone/openBackbone.ts";
import { UserError } from "../../base/errors.ts";
import type { Precision } from "../../engine/precisionSpec.ts";
import { loadAdapter, type Adapter } from "../../adapter/adapterFolder.ts";
import { positionOffsets, tokenOffsets } from "../../adapter/fold.ts";
import type { HiddenLayer } from "../../method/method.ts";
import { methodOf } from "../../method/registry.ts";
import { countUnits, neighbours, norm, type Neighbours } from "./vocabularyTable.ts";
import { rowChunks, type TokenRows } from "../../backbone/tokenRows.ts";
import { phrase } from "../../base/phrase.ts";

const NEAREST = 5;

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
    private readonly table: TokenRows,
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
    const rows = (from: number, to: number): Float32Array =>
      embeddedRows(weights.rows(layout.embedding, [vocabulary, width], [from, to]), layout);
    const table: TokenRows = { tokens: vocabulary, width, rows, row: (id) => rows(id, id + 1) };
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
    return this.table.tokens;
  }

  get hiddenUnits(): number {
    return hiddenLayerOf(this.adapter)?.units ?? 0;
  }

  /** The tokens nearest to a token's embedding, before and after its offset is added. */
  neighbours(id: number): Neighbours {
    const { adapter, table, byToken } = this;
    const offset = (of: number): Float32Array => tokenOffsets(adapter, table.row(of), table.width, of)!;
    return neighbours({ table, offsets: byToken && { row: offset } }, [id], NEAREST)[0]!;
  }
}

/** The hidden layer of the adapter's method, where it has one. */
const hiddenLayerOf = (adapter: Adapter): HiddenLayer | undefined => methodOf(adapter.spec.kind).hiddenLayer?.(adapter);

/** Computes the measures in two passes: first the mean offset of the vocabulary, then each token's cosine to it. */
function tokenColumns(adapter: Adapter, table: TokenRows): ByToken {
  const { tokens: vocabulary, width } = table;
  const sum = new Float64Array(width);
  const at = (values: Float32Array, i: number): Float32Array => values.subarray(i * width, (i + 1) * width);
  const columns = {
    norm: new Float32Array(vocabulary),
    ratio: new Float32Array(vocabulary),
    cosine: new Float32Array(vocabulary),
  };
  const hidden = hiddenLayerOf(adapter);
  const units = hidden?.isSwitched === true ? new Uint16Array(vocabulary) : undefined;
  for (const { first, rows } of rowChunks(table)) {
    const offsets = tokenOffsets(adapter, rows, width, first)!;
    offsets.forEach((x, i) => {
      sum[i % width]! += x;
    });
    for (let i = 0; i < rows.length / width; i++) {
      const size = norm(at(offsets, i));
      columns.norm[first + i] = size;
      columns.ratio[first + i] = size / norm(at(rows, i));
    }
    if (units !== undefined) units.set(countUnits(rows, width, hidden!).perToken, first);
  }
  const mean = Float32Array.from(sum, (x) => x / vocabulary);
  const meanSize = norm(mean);
  for (const { first, rows } of rowChunks(table)) {
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
