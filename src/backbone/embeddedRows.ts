import type { BackboneLayout } from "./layout.ts";

/** Rows of the embedding table as the backbone embeds them: times the layout's `embeddingScale`, in fp32. */
export function embeddedRows(
  rows: Float32Array,
  { embeddingScale = 1 }: Pick<BackboneLayout, "embeddingScale">,
): Float32Array {
  const scale = Math.fround(embeddingScale);
  return scale === 1 ? rows : rows.map((x) => x * scale);
}
