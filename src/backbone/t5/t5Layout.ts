import type { BackboneLayout, DefaultTargets } from "../layout.ts";
import type { T5Config } from "./t5Config.ts";

/** Names in the weights file: of the embedding table that encoder and decoder share, and of the output layer. */
export const EMBEDDING = "shared.weight";
export const HEAD = "lm_head";

/** Those of umT5, which PEFT does not know, are those of mT5. */
const defaultTargets = ({ modelType, gated }: T5Config): DefaultTargets => ({
  lora: ["q", "v"],
  ia3:
    modelType === "t5" || !gated
      ? { outputs: ["k", "v"], inputs: ["wo"] }
      : { outputs: ["k", "v", "wi_1"], inputs: [] },
});

/** The modules of a T5, encoder first, in the order of its layers. */
export function t5Layout(config: T5Config): BackboneLayout {
  const { width, heads, headWidth, hidden, gated, tied, vocabulary, buckets } = config;
  const inner = heads * headWidth;
  const layout: BackboneLayout = {
    isCausal: false,
    width,
    vocabulary,
    linears: [],
    norms: [],
    sublayers: [],
    defaultTargets: defaultTargets(config),
    embedding: EMBEDDING,
    head: { module: HEAD, tied },
    weights: [{ name: EMBEDDING, dims: [vocabulary, width], role: "embedding" }],
  };
  const linear = (module: string, sizes: { in: number; out: number }): void => {
    layout.linears.push({ module, ...sizes });
    if (module !== HEAD || !tied)
      layout.weights.push({ name: `${module}.weight`, dims: [sizes.out, sizes.in], role: "matrix" });
  };
  const norm = (module: string): void => {
    layout.norms.push({ module, width });
    layout.weights.push({ name: `${module}.weight`, dims: [width], role: "norm" });
  };
  const attention = (name: string, kind: "self" | "cross", biased: boolean): void => {
    layout.sublayers.push({ name, kind });
    const module = `${name}.${kind === "self" ? "SelfAttention" : "EncDecAttention"}`;
    for (const part of ["q", "k", "v"]) linear(`${module}.${part}`, { in: width, out: inner });
    linear(`${module}.o`, { in: inner, out: width });
    if (biased)
      layout.weights.push({
        name: `${module}.relative_attention_bias.weight`,
        dims: [buckets, heads],
        role: "positions",
      });
    norm(`${name}.layer_norm`);
  };
  const feedForward = (name: string): void => {
    layout.sublayers.push({ name, kind: "feedForward" });
    for (const part of gated ? ["wi_0", "wi_1"] : ["wi"])
      linear(`${name}.DenseReluDense.${part}`, { in: width, out: hidden });
    linear(`${name}.DenseReluDense.wo`, { in: hidden, out: width });
    norm(`${name}.layer_norm`);
  };
  for (const side of ["encoder", "decoder"] as const) {
    for (let i = 0; i < (side === "encoder" ? config.layers : config.decoderLayers); i++) {
      const block = `${side}.block.${i}.layer`;
      attention(`${block}.0`, "self", i === 0 || config.layersHaveBiases);
      if (side === "decoder") attention(`${block}.1`, "cross", false);
      feedForward(`${block}.${side === "encoder" ? 1 : 2}`);
    }
    norm(`${side}.final_layer_norm`);
  }
  linear(HEAD, { in: width, out: vocabulary });
  return layout;
}
