import { phrase } from "../../base/phrase.ts";
import { isNone, MERGE, modulesToSave, unused, type KnownKeys, type RefusedKey } from "./harmlessKeys.ts";

/**
 * Start values that only A and B have, as PEFT's LoraLayer.update_layer sets them; a trained adapter has other ones.
 * The rest also changes the backbone's weights, before training and again whenever PEFT loads the adapter.
 */
const LORA_STARTS = ["gaussian", "eva", "orthogonal", "mica"];

const startValues: RefusedKey = {
  isHarmless: (value) =>
    value === true || isNone(value) || (typeof value === "string" && LORA_STARTS.includes(value.toLowerCase())),
  why: phrase`this start takes a part out of the backbone's weights, so that A and B belong to the rest of them, which the file does not have`,
  action: phrase`Convert the adapter with PEFT: save_pretrained(FOLDER, path_initial_model_for_weight_conversion=START), where START is the adapter as it was before training, saved with init_lora_weights=True; or merge it (merge_and_unload) and use the merged model as the backbone.`,
};

/**
 * The keys of LoraConfig (PEFT 0.21). Harmless are: the dropout of training; fan_in_fan_out, since PEFT follows the
 * layer; and the options of other starts, which init_lora_weights chooses.
 */
export const LORA_KEYS: KnownKeys = {
  any: [
    "r",
    "lora_alpha",
    "use_rslora",
    "use_dora",
    "rank_pattern",
    "alpha_pattern",
    "target_modules",
    "exclude_modules",
    "layers_to_transform",
    "layers_pattern",
    // Checked with the backbone's layers.
    "bias",
    "ensure_weight_tying",
    "lora_dropout",
    "fan_in_fan_out",
    "loftq_config",
    "eva_config",
    "corda_config",
    "lora_ga_config",
    // Read where use_qalora, megatron_config, or a merge at load asks for them.
    "qalora_group_size",
    "megatron_core",
    "merge_weights",
  ],
  refused: {
    init_lora_weights: startValues,
    modules_to_save: modulesToSave,
    lora_bias: unused(phrase`B has a bias, which this method lacks`),
    layer_replication: unused(
      phrase`it stacks the backbone's layers anew`,
      phrase`Save the model with the stacked layers as a folder, and train on that.`,
    ),
    megatron_config: unused(phrase`it is for layers of Megatron`),
    trainable_token_indices: unused(phrase`rows of the table of tokens are trained beside the adapter`),
    target_parameters: unused(phrase`it changes parameters that are not weights of linear layers`),
    alora_invocation_tokens: unused(
      phrase`the adapter acts only behind certain tokens (activated LoRA)`,
      phrase`Use it with PEFT; it cannot be merged either.`,
    ),
    use_qalora: unused(phrase`it averages inputs in groups (QALoRA)`),
    use_bdlora: unused(phrase`its matrices are block-diagonal (BD-LoRA)`),
    arrow_config: unused(
      phrase`it chooses among several adapters (Arrow)`,
      phrase`Give one of the adapters that it chooses among.`,
    ),
    kasa_config: unused(phrase`it truncates the backbone's weights (KaSA)`),
    monteclora_config: unused(phrase`it samples around A and B (MonteCLoRA)`),
    velora_config: unused(phrase`it has tensors of its own (VeLoRA)`),
    enable_lora: unused(phrase`a fused layer is changed in parts, as PEFT did before 0.3`, MERGE),
  },
};
