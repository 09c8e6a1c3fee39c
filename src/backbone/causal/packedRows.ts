import { addDims, productDim, type Dim } from "../../graph/dims.ts";
import { broadcastTo, concat, packed, padded, reshape, slice, type RowOrder } from "../../graph/ops.ts";
import { input, type Value } from "../../graph/value.ts";
import type { Batch } from "../batch.ts";
import { tensor, type Feeds } from "../feeds.ts";
import type { RotationInput } from "./rotationInput.ts";

/** Tokens of all rows of a batch without padding. */
const TOKENS = "R";

/**
 * The tokens of a batch as one row (1, P+R, w): the prompt once, since no place before a text sees the text, and behind
 * it the tokens of each row without padding. All but attention computes each place for itself.
 */
export class PackedRows {
  private readonly order: RowOrder;

  /**
   * @param columns of the padded rows (B, N)
   * @param prompt tokens of the prompt; undefined: there is none
   */
  constructor(
    private readonly columns: Dim,
    private readonly prompt: Dim | undefined,
  ) {
    const all = productDim(["B", columns]);
    this.order = {
      packedAt: input("packedAt", [TOKENS], "int32"),
      paddedAt: reshape(input("paddedAt", ["B", columns], "int32"), [all]),
      isRow: reshape(input("isToken", ["B", columns, 1]), [all, 1]),
    };
  }

  /** Joins a prompt (1, P, w) and padded rows (B, N, w) to (1, P+R, w). */
  join(prompt: Value | undefined, rows: Value): Value {
    const width = rows.shape[2]!;
    const tokens = packed(reshape(rows, [productDim(["B", this.columns]), width]), this.order);
    return concat([...(prompt === undefined ? [] : [prompt]), reshape(tokens, [1, TOKENS, width])], 1);
  }

  /** The prompt (1, P, w), and the padded rows (B, N, w), of (1, P+R, w). */
  split(x: Value): { prompt: Value | undefined; rows: Value } {
    const width = x.shape[2]!;
    const { prompt, columns } = this;
    const tokens = prompt === undefined ? x : slice(x, 1, prompt, addDims(prompt, TOKENS));
    return {
      prompt: prompt === undefined ? undefined : slice(x, 1, 0, prompt),
      rows: reshape(padded(reshape(tokens, [TOKENS, width]), this.order), ["B", columns, width]),
    };
  }

  /** (1, P+R, w) -> (B, P+N, w), 0 where padded. */
  whole(x: Value): Value {
    const { prompt, rows } = this.split(x);
    if (prompt === undefined) return rows;
    return concat([broadcastTo(prompt, ["B", ...prompt.shape.slice(1)]), rows], 1);
  }

  /** The parts of scores (P+N, P+N) of the prompt's places (P, P), and of the rows' (N, P+N). */
  scores(all: Value): { prompt: Value; rows: Value } {
    const { prompt = 0, columns } = this;
    return {
      prompt: slice(slice(all, 0, 0, prompt), 1, 0, prompt),
      rows: prompt === 0 ? all : slice(all, 0, prompt, addDims(prompt, columns)),
    };
  }

  /** The parts of angles (B, 1, P+N, w / 2), equal in all rows, of the prompt (1, ..) and of the rows. */
  rotation({ cos, sin }: RotationInput): { prompt: RotationInput; rows: RotationInput } {
    const { prompt = 0, columns } = this;
    const early = (x: Value): Value => slice(slice(x, 0, 0, 1), 2, 0, prompt);
    const late = (x: Value): Value => (prompt === 0 ? x : slice(x, 2, prompt, addDims(prompt, columns)));
    return { prompt: { cos: early(cos), sin: early(sin) }, rows: { cos: late(cos), sin: late(sin) } };
  }
}

/** The feeds of PackedRows. @param lengths tokens of each row, at its start */
export function packedFeeds({ rows }: Batch, columns: number, lengths: readonly number[]): Feeds {
  const isToken = new Float32Array(rows * columns);
  const paddedAt = new Int32Array(rows * columns);
  const places: number[] = [];
  lengths.forEach((length, row) => {
    for (let column = 0; column < Math.min(length, columns); column++) {
      const at = row * columns + column;
      isToken[at] = 1;
      paddedAt[at] = places.length;
      places.push(at);
    }
  });
  // Without a token the first place of padding is one, so that no value is empty.
  if (places.length === 0) places.push(0);
  return {
    packedAt: tensor(Int32Array.from(places), places.length),
    paddedAt: tensor(paddedAt, rows, columns),
    isToken: tensor(isToken, rows, columns, 1),
  };
}
