import { embeddedRows } from "../backbone/embeddedRows.ts";
import type { BackboneWeights } from "../backbone/files/weights.ts";
import type { BackboneLayout } from "../backbone/layout.ts";
import { isHeldWhole, type TokenRows } from "../backbone/tokenRows.ts";

/** The tokens' embeddings (V, d) as the backbone embeds them: the table times its scale, in fp32. */
export class EmbeddingTable implements TokenRows {
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

  row(id: number): Float32Array {
    return this.rows(id, id + 1);
  }

  rows(from: number, to: number): Float32Array {
    const { layout, tokens, width } = this;
    if (isHeldWhole(this) || this.table !== undefined) return this.whole.subarray(from * width, to * width);
    return embeddedRows(this.weights.rows(layout.embedding, [tokens, width], [from, to]), layout);
  }
}
