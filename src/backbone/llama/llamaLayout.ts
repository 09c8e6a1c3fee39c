import type { BackboneLayout } from "../layout.ts";
import type { LlamaConfig } from "./llamaConfig.ts";

/** Names in the weights file: of the embedding table, the output layer and the last norm. */
export const EMBEDDING = "model.embed_tokens.weight";
export const HEAD = "lm_head";
export const FINAL_NORM = "model.norm";

/** The modules of a Llama, in the order of its layers. */
export function llamaLayout(config: LlamaConfig): BackboneLayout {
  const { width, hidden, heads, keyValueHeads, headWidth, vocabulary, tied } = config;
  const layout: BackboneLayout = {
    isCausal: true,
    width,
    vocabulary,
    embedding: EMBEDDING,
    head: { module: HEAD, tied },
    linears: [],
    norms: [],
    sublayers: [],
    defaultTargets: { lora: ["q_proj", "v_proj"], ia3: { outputs: ["k_proj", "v_proj"], inputs: ["down_proj"] } },
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
  for (let i = 0; i < config.layers; i++) {
    const block = `model.layers.${i}`;
    norm(`${block}.input_layernorm`);
    layout.sublayers.push({ name: `${block}.self_attn`, kind: "self" });
    linear(`${block}.self_attn.q_proj`, { in: width, out: heads * headWidth });
    for (const part of ["k_proj", "v_proj"])
      linear(`${block}.self_attn.${part}`, { in: width, out: keyValueHeads * headWidth });
    linear(`${block}.self_attn.o_proj`, { in: heads * headWidth, out: width });
    norm(`${block}.post_attention_layernorm`);
    layout.sublayers.push({ name: `${block}.mlp`, kind: "feedForward" });
    for (const part of ["gate_proj", "up_proj"]) linear(`${block}.mlp.${part}`, { in: width, out: hidden });
    linear(`${block}.mlp.down_proj`, { in: hidden, out: width });
  }
  norm(FINAL_NORM);
  linear(HEAD, { in: width, out: vocabulary });
  return layout;
}
