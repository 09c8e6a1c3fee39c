import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { MersenneTwister } from "../../../src/base/random.ts";
import type { StepShape } from "./shapes.ts";

interface Tensor {
  name: string;
  dims: number[];
  scale: number;
}

function attention(name: string, { width: d, heads, headWidth }: StepShape): Tensor[] {
  const inner = heads * headWidth;
  return [
    ["q", (d * headWidth) ** -0.5],
    ["k", d ** -0.5],
    ["v", d ** -0.5],
  ]
    .map(([part, scale]) => ({ name: `${name}.${part as string}.weight`, dims: [inner, d], scale: scale as number }))
    .concat({ name: `${name}.o.weight`, dims: [d, inner], scale: inner ** -0.5 });
}

function tensors(shape: StepShape): Tensor[] {
  const { width: d, hidden, heads, layers, vocabulary } = shape;
  const all: Tensor[] = [{ name: "shared.weight", dims: [vocabulary, d], scale: 1 }];
  const norm = (name: string): void => {
    all.push({ name: `${name}.weight`, dims: [d], scale: 0 });
  };
  for (const side of ["encoder", "decoder"]) {
    for (let i = 0; i < layers; i++) {
      const block = `${side}.block.${i}.layer`;
      const feedForward = side === "encoder" ? 1 : 2;
      all.push(...attention(`${block}.0.SelfAttention`, shape));
      if (i === 0)
        all.push({ name: `${block}.0.SelfAttention.relative_attention_bias.weight`, dims: [32, heads], scale: 0.5 });
      if (side === "decoder") all.push(...attention(`${block}.1.EncDecAttention`, shape));
      all.push(
        { name: `${block}.${feedForward}.DenseReluDense.wi.weight`, dims: [hidden, d], scale: d ** -0.5 },
        { name: `${block}.${feedForward}.DenseReluDense.wo.weight`, dims: [d, hidden], scale: hidden ** -0.5 },
      );
      for (let n = 0; n <= feedForward; n++) norm(`${block}.${n}.layer_norm`);
    }
    norm(`${side}.final_layer_norm`);
  }
  return all;
}

/** Values of one tensor: 1 for a norm, else uniform of the given standard deviation. */
function values({ dims, scale }: Tensor, random: MersenneTwister): Float32Array {
  const data = new Float32Array(dims.reduce((a, b) => a * b, 1));
  if (scale === 0) return data.fill(1);
  const bound = scale * Math.sqrt(3);
  for (let i = 0; i < data.length; i++) data[i] = (2 * random.uniform() - 1) * bound;
  return data;
}

/**
 * Writes a T5 v1.0 folder of the given shape with seeded random weights; tensor by tensor, since T5-base has 0.9 GB.
 */
export function writeRandomBackbone(folder: string, shape: StepShape): void {
  const { width, headWidth, hidden, heads, layers, vocabulary } = shape;
  writeFileSync(
    join(folder, "config.json"),
    JSON.stringify({
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
    }),
  );
  const all = tensors(shape);
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  let offset = 0;
  for (const { name, dims } of all) {
    const bytes = 4 * dims.reduce((a, b) => a * b, 1);
    header[name] = { dtype: "F32", shape: dims, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  const json = Buffer.from(JSON.stringify(header).padEnd(Math.ceil(JSON.stringify(header).length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const fd = openSync(join(folder, "model.safetensors"), "w");
  const random = new MersenneTwister(7);
  try {
    for (const part of [length, json]) writeSync(fd, part);
    for (const tensor of all) {
      const bytes = new Uint8Array(values(tensor, random).buffer);
      for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
    }
  } finally {
    closeSync(fd);
  }
}
