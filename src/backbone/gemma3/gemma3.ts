import * as z from "zod";
import { causalArchitecture, type CausalChoices } from "../causal/causalArchitecture.ts";
import { causalFamily } from "../causal/causalFamily.ts";
import type { Rotation } from "../causal/causalConfig.ts";
import { gemmaChoices } from "../causal/gemmaChoices.ts";
import { layersWithWindows } from "../causal/layerTypes.ts";
import type { RopeValues } from "../causal/ropeConfig.ts";
import { headWidthOf, LLAMA_NAMES, rotationOf, sharedConfig } from "../causal/sharedConfig.ts";
import { checkedConfig, type ConfigFile } from "../configFile.ts";
import { Gemma3Config, type Gemma3Keys } from "./gemma3Config.ts";

/** Indices of the two rotations. */
const LOCAL = 0;
const GLOBAL = 1;

/** The rotations of layers with a window and of those without; a scaling in `rope_scaling` is of the latter. */
function rotationsOf(file: ConfigFile, config: Gemma3Keys): [Rotation, Rotation] {
  const { rope_parameters: byKind, rope_scaling } = config;
  const make = (rope: RopeValues, theta: number): Rotation =>
    rotationOf(file, { rope, theta, headWidth: headWidthOf(config), longest: config.max_position_embeddings });
  return [
    make(byKind?.sliding_attention ?? {}, config.rope_local_base_freq),
    make({ ...byKind?.full_attention, ...rope_scaling }, config.rope_theta),
  ];
}

function choicesOf(file: ConfigFile, config: Gemma3Keys): CausalChoices {
  const { num_hidden_layers, layer_types: types, sliding_window: window, final_logit_softcapping: logitCap } = config;
  const isSliding = (layer: number): boolean => (layer + 1) % config.sliding_window_pattern !== 0;
  const layers = layersWithWindows(file, { layers: num_hidden_layers, types, window, isSliding }).map((layer) => ({
    ...layer,
    rotation: layer.window === undefined ? GLOBAL : LOCAL,
  }));
  const choices = gemmaChoices(file, config, { layers, rotations: rotationsOf(file, config) });
  return {
    ...choices,
    headNorm: "head",
    ...(logitCap != null && { logitCap }),
    names: { ...choices.names, queryNorm: "q_norm", keyNorm: "k_norm" },
  };
}

/** Gemma 3 (Kamath et al. 2025), models of text alone: most layers have a window and a rotation of their own. */
export const gemma3Text = causalFamily({
  modelTypes: ["gemma3_text"],
  modelClass: "Gemma3ForCausalLM",
  read(file, tensors) {
    const config = sharedConfig(file, Gemma3Config);
    return causalArchitecture(choicesOf(file, config), { tensors, tie: config.tie_word_embeddings });
  },
});

const WithImages = z.object({
  text_config: z.record(z.string(), z.unknown()),
  tie_word_embeddings: z.boolean().default(true),
});

/** The text part of a Gemma 3 that also reads images. */
export const gemma3 = causalFamily({
  modelTypes: ["gemma3"],
  modelClass: "Gemma3ForConditionalGeneration",
  read(file, tensors) {
    const { text_config: json, tie_word_embeddings: tie } = checkedConfig(file, WithImages);
    const choices = choicesOf(file, sharedConfig({ ...file, json }, Gemma3Config));
    const { embedding, layers, finalNorm } = LLAMA_NAMES;
    const inside = (name: string): string => name.replace("model.", "model.language_model.");
    const names = {
      ...choices.names,
      embedding: inside(embedding),
      layers: inside(layers),
      finalNorm: inside(finalNorm),
    };
    return causalArchitecture(
      { ...choices, names },
      { tensors, tie, prefixes: ["language_model.model.", "model.", ""], heads: ["language_model.lm_head"] },
    );
  },
});
