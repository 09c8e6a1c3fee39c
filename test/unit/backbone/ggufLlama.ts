import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MersenneTwister } from "../../../src/base/random.ts";
import { writeSafetensors, type Tensors } from "../../../src/backbone/files/safetensors.ts";
import { toFloat16 } from "../../../src/engine/narrowing.ts";
import { widen } from "../../../src/engine/weightData.ts";
import { BYTE_VOCABULARY, byteCharacters, END, SPECIAL, TEMPLATE, writeByteTokenizer } from "../model/byteTokenizer.ts";
import { ggufBytes, type Written, type WrittenTensor } from "./ggufBytes.ts";

// A random Llama with a byte-level tokenizer, as a GGUF file and as the Hugging Face folder that it was made from.

const WIDTH = 32;
const INNER = 64;
const LAYERS = 2;
const HEADS = 4;
const KEY_HEADS = 2;
const HEAD = WIDTH / HEADS;
/** Positions that the model has. */
const LONGEST = 512;
const EPSILON = 1e-5;
const BASE = 10_000;
const BLOCK = 32;

/** How a matrix is stored. */
type Stored = "F32" | "Q8_0" | "Q4_0";
const TYPES: readonly Stored[] = ["Q8_0", "Q4_0", "F32"];
interface Matrix {
  data: Uint8Array;
  /** The values that `data` stands for. */
  values: Float32Array;
}

const written = (values: Float32Array): Matrix => ({ data: new Uint8Array(values.buffer), values });

/** Blocks of 32 levels: an fp16 scale, then a byte for each level, or half a byte, the first 16 in the low halves. */
function blocks(count: number, type: Exclude<Stored, "F32">, random: MersenneTwister): Matrix {
  const isByte = type === "Q8_0";
  const bytes = isByte ? 34 : 18;
  const [data, values] = [new Uint8Array((count / BLOCK) * bytes), new Float32Array(count)];
  for (let block = 0; block < count / BLOCK; block++) {
    const scale = toFloat16(Float32Array.of((0.2 + 0.2 * random.uniform()) / (isByte ? 100 : 6)));
    const at = block * bytes;
    data.set(new Uint8Array(scale.buffer), at);
    const factor = widen(Buffer.from(scale.buffer), "float16")[0]!;
    for (let i = 0; i < BLOCK; i++) {
      const level = Math.floor(random.uniform() * (isByte ? 255 : 16)) - (isByte ? 127 : 8);
      values[block * BLOCK + i] = Math.fround(level * factor);
      if (isByte) data[at + 2 + i] = level & 255;
      else data[at + 2 + (i % 16)]! |= (level + 8) << (i < 16 ? 0 : 4);
    }
  }
  return { data, values };
}

/** Rows of each head from the file's order (neighbours are rotated) into Hugging Face's (halves are). */
function halves(values: Float32Array, heads: number): Float32Array {
  const made = new Float32Array(values.length);
  for (let head = 0; head < heads; head++)
    for (let i = 0; i < HEAD; i++) {
      const from = head * HEAD + i;
      const to = head * HEAD + (i % 2) * (HEAD / 2) + Math.floor(i / 2);
      made.set(values.subarray(from * WIDTH, (from + 1) * WIDTH), to * WIDTH);
    }
  return made;
}

interface Named {
  stored: string;
  name: string;
  dims: readonly number[];
  heads?: number;
}
const layer = (n: number): Named[] => {
  const of = (stored: string, name: string, dims: readonly number[], heads?: number): Named => ({
    stored: `blk.${n}.${stored}.weight`,
    name: `model.layers.${n}.${name}.weight`,
    dims,
    ...(heads !== undefined && { heads }),
  });
  return [
    of("attn_norm", "input_layernorm", [WIDTH]),
    of("attn_q", "self_attn.q_proj", [WIDTH, WIDTH], HEADS),
    of("attn_k", "self_attn.k_proj", [KEY_HEADS * HEAD, WIDTH], KEY_HEADS),
    of("attn_v", "self_attn.v_proj", [KEY_HEADS * HEAD, WIDTH]),
    of("attn_output", "self_attn.o_proj", [WIDTH, WIDTH]),
    of("ffn_norm", "post_attention_layernorm", [WIDTH]),
    of("ffn_gate", "mlp.gate_proj", [INNER, WIDTH]),
    of("ffn_up", "mlp.up_proj", [INNER, WIDTH]),
    of("ffn_down", "mlp.down_proj", [WIDTH, INNER]),
  ];
};
const TENSORS: readonly Named[] = [
  { stored: "token_embd.weight", name: "model.embed_tokens.weight", dims: [BYTE_VOCABULARY, WIDTH] },
  ...Array.from({ length: LAYERS }, (_, n) => layer(n)).flat(),
  { stored: "output_norm.weight", name: "model.norm.weight", dims: [WIDTH] },
];

const METADATA: Readonly<Record<string, Written>> = {
  "general.architecture": "llama",
  "llama.block_count": LAYERS,
  "llama.context_length": LONGEST,
  "llama.embedding_length": WIDTH,
  "llama.feed_forward_length": INNER,
  "llama.attention.head_count": HEADS,
  "llama.attention.head_count_kv": KEY_HEADS,
  "llama.attention.layer_norm_rms_epsilon": EPSILON,
  "llama.rope.freq_base": { type: "f32", value: BASE },
  "tokenizer.ggml.model": "gpt2",
  "tokenizer.ggml.pre": "gpt-2",
  "tokenizer.ggml.tokens": [...SPECIAL, ...byteCharacters()],
  "tokenizer.ggml.token_type": Array.from({ length: BYTE_VOCABULARY }, (_, id) => (id < SPECIAL.length ? 3 : 1)),
  "tokenizer.ggml.merges": [],
  "tokenizer.ggml.eos_token_id": END,
  "tokenizer.ggml.padding_token_id": 0,
  "tokenizer.chat_template": TEMPLATE,
};

const CONFIG = {
  model_type: "llama",
  vocab_size: BYTE_VOCABULARY,
  hidden_size: WIDTH,
  intermediate_size: INNER,
  num_hidden_layers: LAYERS,
  num_attention_heads: HEADS,
  num_key_value_heads: KEY_HEADS,
  max_position_embeddings: LONGEST,
  rms_norm_eps: EPSILON,
  rope_theta: BASE,
  eos_token_id: END,
  pad_token_id: 0,
  tie_word_embeddings: true,
};

/** The tensors of the file, and of the folder. Matrices are of the types in turn. */
function made(types: readonly Stored[], seed: number): { stored: WrittenTensor[]; tensors: Tensors } {
  const random = new MersenneTwister(seed);
  const tensors: Tensors = new Map();
  const stored = TENSORS.map(({ stored: name, name: own, dims, heads }, i): WrittenTensor => {
    const count = dims.reduce((a, b) => a * b, 1);
    const type = dims.length === 1 ? "F32" : types[i % types.length]!;
    const centre = dims.length === 1 ? 1 : 0;
    const { data, values } =
      type === "F32"
        ? written(Float32Array.from({ length: count }, () => centre + 0.3 * random.normal()))
        : blocks(count, type, random);
    tensors.set(own, { dims: [...dims], data: heads === undefined ? values : halves(values, heads) });
    return { name, type, dims, data };
  });
  return { stored, tensors };
}

/** The bytes of a small GGUF file. */
export const tinyGguf = (seed = 1, types = TYPES): Buffer =>
  ggufBytes({ metadata: METADATA, tensors: made(types, seed).stored });

/** The same model in two files. */
export function tinyGgufParts(seed = 1): [Buffer, Buffer] {
  const { stored } = made(TYPES, seed);
  const part = (no: number, tensors: WrittenTensor[]): Buffer =>
    ggufBytes({
      metadata: {
        ...(no === 0 ? METADATA : {}),
        "split.no": { type: "u16", value: no },
        "split.count": { type: "u16", value: 2 },
        "split.tensors.count": { type: "i32", value: stored.length },
      },
      tensors,
    });
  return [part(0, stored.slice(0, 5)), part(1, stored.slice(5))];
}

/** Writes the Hugging Face folder with the values of `tinyGguf`. */
export function writeTinyFolder(folder: string, seed = 1, types = TYPES): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "config.json"), JSON.stringify(CONFIG));
  writeSafetensors(join(folder, "model.safetensors"), made(types, seed).tensors);
  writeByteTokenizer(folder);
}
