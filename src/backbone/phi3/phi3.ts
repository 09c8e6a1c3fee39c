import * as z from "zod";
import { causalArchitecture } from "../causal/causalArchitecture.ts";
import { causalFamily } from "../causal/causalFamily.ts";
import type { Rotation } from "../causal/causalConfig.ts";
import { layersWithWindows } from "../causal/layerTypes.ts";
import {
  headWidthOf,
  LLAMA_NAMES,
  positive,
  rotationOf,
  sharedChoices,
  SHARED_KEYS,
  sharedConfig,
  size,
} from "../causal/sharedConfig.ts";
import type { ConfigFile } from "../configFile.ts";

const Config = z.object({
  ...SHARED_KEYS,
  rms_norm_eps: positive.default(1e-5),
  max_position_embeddings: SHARED_KEYS.max_position_embeddings.default(4096),
  original_max_position_embeddings: SHARED_KEYS.original_max_position_embeddings.default(4096),
  partial_rotary_factor: positive.max(1).nullish(),
  sliding_window: size.nullish(),
});

function phi3Rotation(file: ConfigFile, config: z.infer<typeof Config>): Rotation {
  const rope = config.rope_scaling ?? config.rope_parameters ?? {};
  const type = rope.rope_type ?? rope.type ?? "default";
  return rotationOf(file, {
    // Phi-3's first files called its scaling so.
    rope: { ...rope, rope_type: type === "yarn" ? "longrope" : type },
    theta: config.rope_theta,
    headWidth: headWidthOf(config),
    longest: config.max_position_embeddings,
    original: config.original_max_position_embeddings,
    part: rope.partial_rotary_factor ?? config.partial_rotary_factor ?? 1,
  });
}

/** Phi-3, 3.5 and 4 (Abdin et al. 2024): a Llama with fused layers, LongRoPE, and a part of each head rotated. */
export const phi3 = causalFamily({
  modelTypes: ["phi3"],
  modelClass: "Phi3ForCausalLM",
  read(file, tensors) {
    const config = sharedConfig(file, Config);
    const { num_hidden_layers, sliding_window: window } = config;
    const isSliding = (): boolean => window != null;
    return causalArchitecture(
      {
        ...sharedChoices(file, config, phi3Rotation(file, config)),
        layers: layersWithWindows(file, { layers: num_hidden_layers, types: null, window, isSliding }),
        dropout: { embedding: false, sublayers: true },
        names: {
          ...LLAMA_NAMES,
          attentionInput: { kind: "fused", module: "qkv_proj", groups: 1, order: ["query", "key", "value"] },
          feedForwardInput: { kind: "fused-gated", module: "gate_up_proj" },
        },
        defaultTargets: { lora: ["qkv_proj"], ia3: { outputs: ["qkv_proj"], inputs: ["down_proj"] } },
      },
      { tensors, tie: config.tie_word_embeddings },
    );
  },
});
