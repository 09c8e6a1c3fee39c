import { embeddedRows } from "../backbone/embeddedRows.ts";
import type { BackboneWeights } from "../backbone/files/weights.ts";
import type { BackboneLayout } from "../backbone/layout.ts";

/** A table of up to this many bytes in fp32 is read whole at the first access, a larger one row by row. */
export const MOST_WHOLE = 2 ** 28;

/** The tokens' embeddings (V, d) as the backbone embeds them: the table times its scale, in fp32. */
export class EmbeddingTable {
  readonly tokens: number;
  readonly width: number;
  private table: Float32Array | undefined;

  constructor(
    private readonly weights: BackboneWeights,
    private readonly layout: BackboneLayout,
  ) {
    this.tokens = layout.vocabulary;
    this.width = layout.width;
  }

  /** All rows, row-major; of a large vocabulary, as many bytes as the rest of the model in four bits. */
  get whole(): Float32Array {
    const { layout, tokens, width } = this;
    return (this.table ??= embeddedRows(this.weights.read(layout.embedding, [tokens, width]), layout));
  }

  /** The row of a token. */
  row(id: number): Float32Array {
    const { layout, tokens, width } = this;
    const isSmall = 4 * tokens * width <= MOST_WHOLE;
    if (isSmall || this.table !== undefined) return this.whole.subarray(id * width, (id + 1) * width);
    return embeddedRows(this.weights.rows(layout.embedding, [tokens, width], [id, id + 1]), layout);
  }
}
