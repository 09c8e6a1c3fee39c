import { ggufBytes, type Written, type WrittenTensor } from "./ggufBytes.ts";

const [WIDTH, HIDDEN, LAYERS] = [32, 64, 2];

/** The character of each byte in byte-level pieces, in the order of GPT-2. */
const BYTES = Array.from({ length: 256 }, (_, byte) => byte).reduce<{ pieces: string[]; hidden: number }>(
  ({ pieces, hidden }, byte) => {
    const isShown = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return {
      pieces: [...pieces, String.fromCharCode(isShown ? byte : 0x100 + hidden)],
      hidden: hidden + (isShown ? 0 : 1),
    };
  },
  { pieces: [], hidden: 0 },
).pieces;
const TOKENS = [...BYTES, "<|end|>"];

/** Small values that differ from one another. */
const values = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => Math.sin(i) / 4);

/**
 * The bytes of a whole GGUF file of a tiny Llama with a byte-level tokenizer: two layers, width 32, in F32.
 * @param architecture another name, of a model that cannot be read
 * @param changed keys of the metadata with other values
 */
export function tinyGguf(architecture = "llama", changed: Readonly<Record<string, Written>> = {}): Buffer {
  const tensor = (name: string, ...dims: number[]): WrittenTensor => ({
    name,
    type: "F32",
    dims,
    data: values(dims.reduce((a, b) => a * b, 1)),
  });
  const layer = (i: number): WrittenTensor[] => [
    tensor(`blk.${i}.attn_norm.weight`, WIDTH),
    tensor(`blk.${i}.attn_q.weight`, WIDTH, WIDTH),
    tensor(`blk.${i}.attn_k.weight`, WIDTH / 2, WIDTH),
    tensor(`blk.${i}.attn_v.weight`, WIDTH / 2, WIDTH),
    tensor(`blk.${i}.attn_output.weight`, WIDTH, WIDTH),
    tensor(`blk.${i}.ffn_norm.weight`, WIDTH),
    tensor(`blk.${i}.ffn_gate.weight`, HIDDEN, WIDTH),
    tensor(`blk.${i}.ffn_up.weight`, HIDDEN, WIDTH),
    tensor(`blk.${i}.ffn_down.weight`, WIDTH, HIDDEN),
  ];
  return ggufBytes({
    metadata: {
      "general.architecture": architecture,
      [`${architecture}.block_count`]: LAYERS,
      [`${architecture}.context_length`]: 256,
      [`${architecture}.embedding_length`]: WIDTH,
      [`${architecture}.feed_forward_length`]: HIDDEN,
      [`${architecture}.attention.head_count`]: 4,
      [`${architecture}.attention.head_count_kv`]: 2,
      [`${architecture}.attention.layer_norm_rms_epsilon`]: { type: "f32", value: 1e-5 },
      [`${architecture}.rope.freq_base`]: { type: "f32", value: 10_000 },
      "tokenizer.ggml.model": "gpt2",
      "tokenizer.ggml.pre": "gpt-2",
      "tokenizer.ggml.tokens": TOKENS,
      "tokenizer.ggml.token_type": TOKENS.map((_, i) => (i < BYTES.length ? 1 : 3)),
      "tokenizer.ggml.merges": [],
      "tokenizer.ggml.eos_token_id": BYTES.length,
      ...changed,
    },
    tensors: [
      tensor("token_embd.weight", TOKENS.length, WIDTH),
      ...Array.from({ length: LAYERS }, (_, i) => layer(i)).flat(),
      tensor("output_norm.weight", WIDTH),
    ],
  });
}
