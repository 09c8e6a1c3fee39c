import * as z from "zod";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { causalArchitecture } from "../causal/causalArchitecture.ts";
import { causalFamily } from "../causal/causalFamily.ts";
import type { LayerChoice } from "../causal/causalConfig.ts";
import { LayerTypes, layersWithWindows } from "../causal/layerTypes.ts";
import { positive, SHARED_KEYS, sharedChoices, sharedConfig, sharedRotation, size } from "../causal/sharedConfig.ts";
import type { ConfigFile } from "../configFile.ts";

const Config = z.object({
  ...SHARED_KEYS,
  num_key_value_heads: size.nullable().default(4),
  rope_theta: positive.default(2_000_000),
  tie_word_embeddings: z.boolean().default(true),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  use_sliding_window: z.boolean().default(false),
  sliding_window: size.nullish(),
  no_rope_layers: z.array(z.union([z.literal(0), z.literal(1)])).nullish(),
  no_rope_layer_interval: size.default(4),
  layer_types: LayerTypes,
});

/** The layers: those with a 1 in `no_rope_layers` rotate, and the others may have a window. */
function layersOf(file: ConfigFile, config: z.infer<typeof Config>): LayerChoice[] {
  const { num_hidden_layers: layers, no_rope_layers: flags, no_rope_layer_interval: interval } = config;
  if (flags != null && flags.length < layers)
    throw new UserError(
      "no-rope-layers-length",
      phrase`${file.path}: no_rope_layers has ${flags.length} entries for ${layers} layers`,
      phrase`Give no_rope_layers one entry for each layer, or remove it.`,
    );
  const rotates = (layer: number): boolean => (flags == null ? (layer + 1) % interval !== 0 : flags[layer] === 1);
  const { layer_types: types, sliding_window: window, use_sliding_window: used } = config;
  const isSliding = (layer: number): boolean => used && window != null && !rotates(layer);
  return layersWithWindows(file, { layers, types, window, isSliding }).map(({ rotation, ...own }, layer) =>
    rotates(layer) ? { ...own, rotation: rotation! } : own,
  );
}

/** SmolLM 3 (Bakouch et al. 2025): a Llama, some of whose layers do not rotate queries and keys. */
export const smollm3 = causalFamily({
  modelTypes: ["smollm3"],
  modelClass: "SmolLM3ForCausalLM",
  read(file, tensors) {
    const config = sharedConfig(file, Config);
    const { attention_bias: attention, mlp_bias: feedForward } = config;
    return causalArchitecture(
      {
        ...sharedChoices(file, config, sharedRotation(file, config)),
        layers: layersOf(file, config),
        biases: { attentionInput: attention, attentionOutput: attention, feedForward, head: false },
      },
      { tensors, tie: config.tie_word_embeddings },
    );
  },
});
