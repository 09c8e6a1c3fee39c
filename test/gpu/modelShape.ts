/** A random model of the check: T5 v1.0 or Llama, what is asked of it, and how long its measurements may take. */
export interface ModelShape {
  name: string;
  kind: "t5" | "llama";
  width: number;
  heads: number;
  /** Heads of keys and values; those of T5 are `heads`. */
  groups: number;
  headWidth: number;
  hidden: number;
  layers: number;
  vocabulary: number;
  isTied: boolean;
  /** What the file's weights are stored in. */
  stored: "F32" | "BF16";
  batch: { rows: number; sourceLength: number; targetLength: number };
  /** New tokens of a generation. */
  newTokens: number;
  /** Seconds for all rounds of all sides. */
  seconds: number;
}

const T5_BATCH = { rows: 32, sourceLength: 64, targetLength: 4 };
const llama = { kind: "llama", stored: "BF16" } as const;
const t5 = { kind: "t5", isTied: true, batch: T5_BATCH } as const;

/** The models for a graphics processor. */
export const LARGE: readonly ModelShape[] = [
  {
    ...t5,
    ...{ name: "T5-base", width: 768, heads: 12, groups: 12, headWidth: 64, hidden: 3072, layers: 12 },
    ...{ vocabulary: 32128, stored: "F32", newTokens: 16, seconds: 35 },
  },
  {
    ...llama,
    ...{ name: "Llama-3-8B", width: 4096, heads: 32, groups: 8, headWidth: 128, hidden: 14336, layers: 32 },
    ...{ vocabulary: 128256, isTied: false, newTokens: 16, seconds: 50 },
    batch: { rows: 8, sourceLength: 120, targetLength: 8 },
  },
  {
    ...llama,
    ...{ name: "SmolLM2-135M", width: 576, heads: 9, groups: 3, headWidth: 64, hidden: 1536, layers: 30 },
    ...{ vocabulary: 49152, isTied: true, newTokens: 16, seconds: 30 },
    batch: { rows: 8, sourceLength: 120, targetLength: 8 },
  },
  {
    ...t5,
    ...{ name: "T5-3B", width: 1024, heads: 32, groups: 32, headWidth: 128, hidden: 16384, layers: 24 },
    ...{ vocabulary: 32128, stored: "BF16", newTokens: 16, seconds: 35 },
  },
];

/** The models for a processor: the same code at sizes that take seconds. */
export const SMALL: readonly ModelShape[] = [
  {
    ...t5,
    ...{ name: "tiny T5", width: 64, heads: 4, groups: 4, headWidth: 16, hidden: 128, layers: 2 },
    ...{ vocabulary: 512, stored: "F32", newTokens: 8, seconds: 12 },
    batch: { rows: 8, sourceLength: 24, targetLength: 4 },
  },
  {
    ...llama,
    ...{ name: "tiny Llama", width: 64, heads: 4, groups: 2, headWidth: 16, hidden: 128, layers: 2 },
    ...{ vocabulary: 512, isTied: false, newTokens: 8, seconds: 12 },
    batch: { rows: 4, sourceLength: 24, targetLength: 4 },
  },
];

/** One tensor of a file: uniform values of that standard deviation; 0: ones. */
export interface ShapeTensor {
  name: string;
  dims: number[];
  scale: number;
}

const linear = (name: string, rows: number, columns: number, scale = columns ** -0.5): ShapeTensor => ({
  name: `${name}.weight`,
  dims: [rows, columns],
  scale,
});
const norm = (name: string, width: number): ShapeTensor => ({ name: `${name}.weight`, dims: [width], scale: 0 });

function t5Attention(name: string, { width, heads, headWidth }: ModelShape): ShapeTensor[] {
  const inner = heads * headWidth;
  return [
    linear(`${name}.q`, inner, width, (width * headWidth) ** -0.5),
    linear(`${name}.k`, inner, width),
    linear(`${name}.v`, inner, width),
    linear(`${name}.o`, width, inner),
  ];
}

function t5Tensors(shape: ModelShape): ShapeTensor[] {
  const { width, hidden, heads, layers, vocabulary } = shape;
  const all = [linear("shared", vocabulary, width, 0.1)];
  for (const side of ["encoder", "decoder"]) {
    for (let i = 0; i < layers; i++) {
      const block = `${side}.block.${i}.layer`;
      const last = side === "encoder" ? 1 : 2;
      all.push(...t5Attention(`${block}.0.SelfAttention`, shape));
      if (i === 0) all.push(linear(`${block}.0.SelfAttention.relative_attention_bias`, 32, heads, 0.5));
      if (side === "decoder") all.push(...t5Attention(`${block}.1.EncDecAttention`, shape));
      all.push(
        linear(`${block}.${last}.DenseReluDense.wi`, hidden, width),
        linear(`${block}.${last}.DenseReluDense.wo`, width, hidden),
      );
      for (let n = 0; n <= last; n++) all.push(norm(`${block}.${n}.layer_norm`, width));
    }
    all.push(norm(`${side}.final_layer_norm`, width));
  }
  return all;
}

function llamaTensors({
  width,
  hidden,
  heads,
  groups,
  headWidth,
  layers,
  vocabulary,
  isTied,
}: ModelShape): ShapeTensor[] {
  const all = [linear("model.embed_tokens", vocabulary, width, 0.05)];
  for (let i = 0; i < layers; i++) {
    const layer = `model.layers.${i}`;
    all.push(
      norm(`${layer}.input_layernorm`, width),
      linear(`${layer}.self_attn.q_proj`, heads * headWidth, width),
      linear(`${layer}.self_attn.k_proj`, groups * headWidth, width),
      linear(`${layer}.self_attn.v_proj`, groups * headWidth, width),
      linear(`${layer}.self_attn.o_proj`, width, heads * headWidth),
      norm(`${layer}.post_attention_layernorm`, width),
      linear(`${layer}.mlp.gate_proj`, hidden, width),
      linear(`${layer}.mlp.up_proj`, hidden, width),
      linear(`${layer}.mlp.down_proj`, width, hidden),
    );
  }
  all.push(norm("model.norm", width));
  if (!isTied) all.push(linear("lm_head", vocabulary, width));
  return all;
}

/** The tensors of a model's file, named as Hugging Face names them. */
export const tensorsOf = (shape: ModelShape): ShapeTensor[] =>
  shape.kind === "t5" ? t5Tensors(shape) : llamaTensors(shape);

/** Bytes of a model's file. */
export const bytesOf = (shape: ModelShape): number =>
  tensorsOf(shape).reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b, 1), 0) *
  (shape.stored === "F32" ? 4 : 2);

/** The model with as many of its layers as `bytes` hold, at least one. */
export function cutTo(shape: ModelShape, bytes: number): ModelShape {
  const whole = bytesOf(shape);
  if (whole <= bytes) return shape;
  const perLayer = (whole - bytesOf({ ...shape, layers: 1 })) / (shape.layers - 1);
  const layers = Math.max(1, Math.floor(shape.layers - (whole - bytes) / perLayer));
  return { ...shape, layers, name: `${shape.name} with ${layers} of ${shape.layers} layers` };
}

/** The config of a model as Hugging Face writes it. */
export function configOf(shape: ModelShape): object {
  const { kind, width, heads, groups, headWidth, hidden, layers, vocabulary, isTied } = shape;
  return kind === "t5"
    ? {
        architectures: ["T5ForConditionalGeneration"],
        model_type: "t5",
        vocab_size: vocabulary,
        d_model: width,
        d_kv: headWidth,
        d_ff: hidden,
        num_layers: layers,
        num_decoder_layers: layers,
        num_heads: heads,
        feed_forward_proj: "relu",
        tie_word_embeddings: true,
        pad_token_id: 0,
        eos_token_id: 1,
        decoder_start_token_id: 0,
        dropout_rate: 0,
      }
    : {
        architectures: ["LlamaForCausalLM"],
        model_type: "llama",
        vocab_size: vocabulary,
        hidden_size: width,
        intermediate_size: hidden,
        num_hidden_layers: layers,
        num_attention_heads: heads,
        num_key_value_heads: groups,
        head_dim: headWidth,
        max_position_embeddings: 8192,
        hidden_act: "silu",
        rms_norm_eps: 1e-5,
        rope_theta: 500000,
        attention_bias: false,
        mlp_bias: false,
        tie_word_embeddings: isTied,
        bos_token_id: 1,
        eos_token_id: 2,
        pad_token_id: 2,
      };
}
