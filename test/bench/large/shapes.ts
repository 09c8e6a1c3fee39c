/** A model's shape with its config.json, the files of its tokenizer, and the precision that it is trained in. */
export interface LargeShape {
  name: string;
  config: Record<string, unknown> & { model_type: string };
  /** A folder or the name of a backbone whose tokenizer is used; the config's vocabulary may be larger than it. */
  tokenizer: "smollm2" | "tiny-t5";
  precision: "int4" | "int8";
  /** Tokens of the text and of the answer; with the prompt they are 128. */
  text: number;
  answer: number;
}

const llama = (layers: number): LargeShape["config"] => ({
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  vocab_size: 128_256,
  hidden_size: 4096,
  intermediate_size: 14_336,
  num_hidden_layers: layers,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  max_position_embeddings: 8192,
  rope_theta: 500_000,
  rms_norm_eps: 1e-5,
  bos_token_id: 1,
  eos_token_id: 2,
  pad_token_id: 2,
  tie_word_embeddings: false,
  torch_dtype: "bfloat16",
});
const t5 = (layers: number): LargeShape["config"] => ({
  architectures: ["T5ForConditionalGeneration"],
  model_type: "t5",
  vocab_size: 32_128,
  d_model: 1024,
  d_kv: 128,
  d_ff: 16_384,
  num_layers: layers,
  num_decoder_layers: layers,
  num_heads: 32,
  feed_forward_proj: "relu",
  tie_word_embeddings: true,
  pad_token_id: 0,
  eos_token_id: 1,
  decoder_start_token_id: 0,
  dropout_rate: 0,
  torch_dtype: "bfloat16",
});

/** Those with few layers show the same mechanism in minutes. */
export const LARGE_SHAPES: readonly LargeShape[] = [
  { name: "Llama-3-8B", config: llama(32), tokenizer: "smollm2", precision: "int4", text: 100, answer: 9 },
  { name: "Llama-3-8B, 4 layers", config: llama(4), tokenizer: "smollm2", precision: "int4", text: 100, answer: 9 },
  { name: "T5-3B", config: t5(24), tokenizer: "tiny-t5", precision: "int8", text: 108, answer: 9 },
  { name: "T5-3B, 4 layers", config: t5(4), tokenizer: "tiny-t5", precision: "int8", text: 108, answer: 9 },
];
