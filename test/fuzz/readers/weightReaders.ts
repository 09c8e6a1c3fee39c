import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { phrase } from "../../../src/base/phrase.ts";
import { readHeader, readSafetensors } from "../../../src/backbone/files/safetensors.ts";
import { relativeBuckets } from "../../../src/backbone/t5/relativeBuckets.ts";
import { readConfigFile } from "../../../src/backbone/configFile.ts";
import { readT5Config } from "../../../src/backbone/t5/t5Config.ts";
import { type BackboneLayout } from "../../../src/backbone/layout.ts";
import { t5Layout } from "../../../src/backbone/t5/t5Layout.ts";
import { BackboneWeights } from "../../../src/backbone/files/weights.ts";
import { toConfig } from "../../../src/adapter/adapterConfig.ts";
import { loadAdapter, saveAdapter } from "../../../src/adapter/adapterFolder.ts";
import { resolveSizes } from "../../../src/method/sizes.ts";
import { methodOf } from "../../../src/method/registry.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import type { Parameters } from "../../../src/method/parameters.ts";
import { torchFile, type Saved } from "../../unit/adapter/torchWriter.ts";
import { holds, texts, type Reader } from "../reader.ts";
import { checkTensors, product } from "./checkTensors.ts";

const T5 = {
  model_type: "t5",
  vocab_size: 32,
  d_model: 8,
  d_kv: 4,
  d_ff: 16,
  num_layers: 2,
  num_heads: 2,
  feed_forward_proj: "gated-gelu",
  tie_word_embeddings: false,
  relative_attention_num_buckets: 8,
  relative_attention_max_distance: 16,
  layer_norm_epsilon: 1e-6,
  pad_token_id: 0,
  eos_token_id: 1,
  decoder_start_token_id: 0,
};

/** A safetensors file: its header, then the values. */
function safetensors(header: object, values: Uint8Array): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, values]);
}
const TENSORS = {
  __metadata__: { format: "pt" },
  a: { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
  b: { dtype: "F16", shape: [4], data_offsets: [24, 32] },
  c: { dtype: "BF16", shape: [], data_offsets: [32, 34] },
};
const VALUES = Buffer.alloc(34, 7);

const safetensorsReader: Reader = {
  name: "safetensors",
  weight: 6,
  corpus: () => [
    safetensors(TENSORS, VALUES),
    safetensors({ x: { dtype: "I64", shape: [1], data_offsets: [0, 8] } }, Buffer.alloc(8)),
    safetensors({ e: { dtype: "F32", shape: [0, 4], data_offsets: [0, 0] } }, Buffer.alloc(0)),
  ],
  open: (folder) => (input) => {
    const path = join(folder, "x.safetensors");
    writeFileSync(path, input);
    const { entries } = readHeader(path);
    const used = [...entries.values()].sort((a, b) => a.offset - b.offset);
    let end = 8;
    for (const { offset, bytes } of used) {
      holds(offset >= end && offset + bytes <= input.length, "a tensor outside of the file, or on another");
      end = offset + bytes;
    }
    checkTensors(readSafetensors(path));
  },
};

/** The header alone, as a value. */
const headerReader: Reader = {
  name: "safetensorsHead",
  json: true,
  weight: 5,
  corpus: () => texts(TENSORS),
  open: (folder) => {
    const read = safetensorsReader.open(folder) as (input: Buffer) => unknown;
    return (input) => {
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(input.length));
      return read(Buffer.concat([length, input, VALUES]));
    };
  },
};

const indexReader: Reader = {
  name: "weightIndex",
  json: true,
  weight: 2,
  corpus: () => texts({ metadata: { total_size: 1 }, weight_map: { a: "x.safetensors", b: "x.safetensors" } }),
  open: (folder) => {
    writeFileSync(join(folder, "x.safetensors"), safetensors(TENSORS, VALUES));
    return (input) => {
      writeFileSync(join(folder, "model.safetensors.index.json"), input);
      const weights = BackboneWeights.open(folder);
      holds(weights.bytes <= 34, "more bytes than there are");
      if (weights.has("a")) holds(weights.read("a", [2, 3]).length === 6, "a tensor of the index");
    };
  },
};

const configReader: Reader = {
  name: "t5Config",
  json: true,
  weight: 2,
  corpus: () => texts(T5, { ...T5, feed_forward_proj: "relu", num_decoder_layers: null, scale_decoder_outputs: true }),
  open: (folder) => (input) => {
    writeFileSync(join(folder, "config.json"), input);
    const config = readT5Config(readConfigFile(folder, phrase``), true);
    const layout = t5Layout(config);
    holds(
      layout.weights.every(({ dims }) => dims.every((size) => Number.isSafeInteger(size) && size > 0)),
      "a weight's size",
    );
    holds(
      [config.pad, config.eos, config.start].every((id) => id < config.vocabulary),
      "a token outside of the vocabulary",
    );
    for (const bidirectional of [true, false])
      for (const each of relativeBuckets(config, { queries: 6, keys: 40, from: 3, bidirectional }))
        holds(each >= 0 && each < config.buckets, "a bucket");
  },
};

const LAYOUT: BackboneLayout = t5Layout({
  modelType: "t5",
  vocabulary: 32,
  width: 8,
  headWidth: 4,
  hidden: 16,
  layers: 1,
  decoderLayers: 1,
  heads: 2,
  gated: false,
  tied: true,
  scaled: true,
  layersHaveBiases: false,
  buckets: 8,
  maxDistance: 16,
  epsilon: 1e-6,
  pad: 0,
  eos: 1,
  start: 0,
});
const METHODS = [
  { kind: "adept", promptLength: 2, bottleneck: 2 },
  { kind: "adept", promptLength: 2, bottleneck: 2, variant: "hybrid", positions: 4, positionRank: 2 },
  { kind: "pt", promptLength: 2 },
  { kind: "dept", promptLength: 2, rank: 2, positions: 4 },
  { kind: "lora", rank: 2 },
  { kind: "ia3" },
  { kind: "mpt", promptLength: 2 },
  { kind: "adapter", bottleneck: 2 },
].map((each) => MethodInput.parse(each));

/** Tensors of a method on the tiny layout. */
function parametersOf(spec: (typeof METHODS)[number]): {
  sizes: ReturnType<typeof resolveSizes>;
  parameters: Parameters;
} {
  const sizes = resolveSizes(spec, LAYOUT);
  return {
    sizes,
    parameters: new Map(
      methodOf(spec.kind)
        .tensors({ spec, sizes, layout: LAYOUT })
        .map(({ name, sizes: dims, group }) => [name, { name, dims, group, data: new Float32Array(product(dims)) }]),
    ),
  };
}

const OFFICIAL = { peft_type: "PROMPT_TUNING_LORAX", num_virtual_tokens: 2, r: 2, lora_alpha: 8, max_length: 20 };
const OFFICIAL_TENSORS: Saved[] = [
  ["prompt_embeddings", [2, 8]],
  ["prompt_encoder.lora_embedding_A", [8, 2]],
  ["prompt_encoder.lora_embedding_B", [2, 8]],
  ["prompt_encoder.lora_embedding_a", [2]],
  ["prompt_encoder.lora_embedding_b", [8]],
].map(([name, dims]) => ({
  name: name as string,
  dims: dims as number[],
  values: new Array<number>(product(dims as number[])).fill(0.5),
}));

/** `adapter_config.json` beside the tensors of each method in turn; a number in it says which. */
const adapterReader: Reader = {
  name: "adapterConfig",
  json: true,
  weight: 2,
  corpus: () =>
    [
      ...METHODS.map((spec) => ({ ...configOf(spec), auto_mapping: { of: METHODS.indexOf(spec) } })),
      { ...OFFICIAL, of: METHODS.length },
      { ...OFFICIAL, peft_type: "PROMPT_TUNING_LORA", of: METHODS.length },
    ].map((each) => Buffer.from(JSON.stringify(each))),
  open: (folder) => {
    METHODS.forEach((spec, i) => {
      saveAdapter(join(folder, String(i)), { spec, ...parametersOf(spec) }, { backbone: "tiny-t5", layout: LAYOUT });
    });
    const official = join(folder, String(METHODS.length));
    mkdirSync(official);
    writeFileSync(join(official, "adapter_model.bin"), torchFile(OFFICIAL_TENSORS));
    return (input) => {
      const which = /"of":(\d)/.exec(input.toString("latin1"))?.[1] ?? "0";
      const own = join(folder, Number(which) > METHODS.length ? "0" : which);
      writeFileSync(join(own, "adapter_config.json"), input);
      for (const { data, dims } of loadAdapter(own, LAYOUT).parameters.values())
        holds(data.length === product(dims), "a parameter");
    };
  },
};

function configOf(spec: (typeof METHODS)[number]): object {
  const config = toConfig(spec, parametersOf(spec).sizes, { backbone: "tiny-t5", layout: LAYOUT });
  // Keys that PEFT writes and we do not.
  const given = { rank_pattern: { "(x|y)+[^.]*?z": 3 }, exclude_modules: "a{2,}\\.(?!b)", layers_to_transform: null };
  return config["peft_type"] === "LORA" ? { ...config, ...given } : config;
}

export const WEIGHT_READERS: readonly Reader[] = [
  safetensorsReader,
  headerReader,
  indexReader,
  configReader,
  adapterReader,
];
