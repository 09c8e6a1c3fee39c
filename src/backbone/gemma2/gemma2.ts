import * as z from "zod";
import { causalArchitecture } from "../causal/causalArchitecture.ts";
import { causalFamily } from "../causal/causalFamily.ts";
import { GEMMA_KEYS, gemmaChoices } from "../causal/gemmaChoices.ts";
import { layersWithWindows } from "../causal/layerTypes.ts";
import { positive, sharedConfig, sharedRotation } from "../causal/sharedConfig.ts";

const Config = z.object({
  ...GEMMA_KEYS,
  attn_logit_softcapping: positive.nullable().default(50),
  final_logit_softcapping: positive.nullable().default(30),
});

/** Gemma 2 (Riviere et al. 2024): every second layer has a window, the first one too; scores and logits are capped. */
export const gemma2 = causalFamily({
  modelTypes: ["gemma2"],
  modelClass: "Gemma2ForCausalLM",
  read(file, tensors) {
    const config = sharedConfig(file, Config);
    const { attn_logit_softcapping: scoreCap, final_logit_softcapping: logitCap } = config;
    const { num_hidden_layers, layer_types: types, sliding_window: window } = config;
    const isSliding = (layer: number): boolean => layer % 2 === 0;
    const layers = layersWithWindows(file, { layers: num_hidden_layers, types, window, isSliding });
    return causalArchitecture(
      {
        ...gemmaChoices(file, config, { layers, rotations: [sharedRotation(file, config)] }),
        ...(scoreCap !== null && { scoreCap }),
        ...(logitCap !== null && { logitCap }),
      },
      { tensors, tie: config.tie_word_embeddings },
    );
  },
});
