import * as z from "zod";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { causalArchitecture } from "../causal/causalArchitecture.ts";
import { causalFamily } from "../causal/causalFamily.ts";
import { LayerTypes, layersWithWindows } from "../causal/layerTypes.ts";
import { SHARED_KEYS, sharedChoices, sharedConfig, sharedRotation, size } from "../causal/sharedConfig.ts";

const Config = z.object({
  ...SHARED_KEYS,
  num_key_value_heads: size.nullable().default(8),
  sliding_window: size.nullable().default(4096),
  layer_types: LayerTypes,
});

/** Mistral (Jiang et al. 2023): a Llama whose queries see a window of places, the same in every layer. */
export const mistral = causalFamily({
  modelTypes: ["mistral"],
  modelClass: "MistralForCausalLM",
  read(file, tensors) {
    const config = sharedConfig(file, Config);
    const { sliding_window: window, layer_types: types, num_hidden_layers } = config;
    const kind = window === null ? "full_attention" : "sliding_attention";
    // transformers gives every layer the window, whatever layer_types says.
    if (types?.some((type) => type !== kind) === true)
      throw new UserError(
        "layer-types-contradict-window",
        phrase`${file.path}: layer_types differs from sliding_window, which a model of type "mistral" has in every layer`,
        phrase`Make every entry of layer_types "${kind}", or remove it.`,
      );
    const layers = layersWithWindows(file, {
      layers: num_hidden_layers,
      types,
      window,
      isSliding: () => window !== null,
    });
    return causalArchitecture(
      { ...sharedChoices(file, config, sharedRotation(file, config)), layers },
      { tensors, tie: config.tie_word_embeddings },
    );
  },
});
