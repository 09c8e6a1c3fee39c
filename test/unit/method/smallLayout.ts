import type { BackboneLayout, LinearLayer } from "../../../src/backbone/layout.ts";

/**
 * A decoder-only layout of one layer: a fused projection of queries, keys and values, and a feed-forward.
 * @param biases names of the modules that have a bias
 */
export function smallLayout({
  isTransposed = false,
  biases = [],
}: { isTransposed?: boolean; biases?: string[] } = {}): BackboneLayout {
  const linears: LinearLayer[] = [
    { module: "h.0.attn.qkv_proj", in: 4, out: 12 },
    { module: "h.0.attn.out_proj", in: 4, out: 4 },
    { module: "h.0.mlp.fc_out", in: 6, out: 4 },
  ].map((linear) => (isTransposed ? { ...linear, isTransposed } : linear));
  const head = { module: "head", in: 4, out: 9 };
  const norms = [{ module: "h.0.ln", width: 4 }];
  const widths = new Map<string, number>([
    ...[...linears, head].map(({ module, out }) => [module, out] as const),
    ...norms.map(({ module, width }) => [module, width] as const),
  ]);
  return {
    isCausal: true,
    width: 4,
    vocabulary: 9,
    embedding: "wte.weight",
    head: { module: "head", tied: true },
    linears: [...linears, head],
    norms,
    sublayers: [
      { name: "h.0.attn", kind: "self" },
      { name: "h.0.mlp", kind: "feedForward" },
    ],
    defaultTargets: { lora: ["qkv_proj"], ia3: { outputs: ["qkv_proj"], inputs: ["fc_out"] } },
    weights: [
      { name: "wte.weight", dims: [9, 4], role: "embedding" },
      ...linears.map(({ module, in: from, out }) => ({
        name: `${module}.weight`,
        dims: isTransposed ? [from, out] : [out, from],
        role: "matrix" as const,
      })),
      ...norms.map(({ module, width }) => ({ name: `${module}.weight`, dims: [width], role: "norm" as const })),
      ...biases.map((module) => ({ name: `${module}.bias`, dims: [widths.get(module)!], role: "bias" as const })),
    ],
  };
}
