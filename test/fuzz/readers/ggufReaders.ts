import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { dequantised } from "../../../src/backbone/gguf/ggufBlocks.ts";
import { readGguf, type GgufFile } from "../../../src/backbone/gguf/ggufFile.ts";
import type { GgufValue } from "../../../src/backbone/gguf/ggufMetadata.ts";
import { endTokens } from "../../../src/backbone/generationConfig.ts";
import { ggufConfig } from "../../../src/backbone/gguf/ggufConfig.ts";
import { ggufTensors } from "../../../src/backbone/gguf/ggufTensors.ts";
import { ggufTokenizer } from "../../../src/backbone/gguf/ggufTokenizer.ts";
import { chatTemplateOf } from "../../../src/backbone/tokenizer/chatTemplate.ts";
import { readTokenizerConfig } from "../../../src/backbone/tokenizer/tokenizerConfig.ts";
import { ggufBytes, type GgufContent } from "../../unit/backbone/ggufBytes.ts";
import { tinyGguf } from "../../unit/backbone/tinyGguf.ts";
import { makeGguf } from "../make/makeGguf.ts";
import { makeGgufModel } from "../make/makeGgufModel.ts";
import { holds, type Reader } from "../reader.ts";
import { product } from "./checkTensors.ts";
import { checkTokenizer } from "./tokenizerReader.ts";

const METADATA = {
  "general.architecture": "llama",
  "llama.block_count": 1,
  "llama.rope.freq_base": 0.5,
  "tokenizer.ggml.tokens": ["a", "Ġb", "<s>"],
  "tokenizer.ggml.token_type": [1, 1, 3],
  "tokenizer.ggml.add_bos_token": false,
  flags: { type: "array", of: "bool", value: [true] },
  long: { type: "u64", value: 7 },
} as const;
const TENSORS: GgufContent["tensors"] = (
  ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"] as const
).map((type) => ({ name: `blk.0.${type}`, type, dims: [2, 256] }));
const part = (no: number): GgufContent["metadata"] => ({ "split.no": no, "split.count": 2 });

const isValue = (value: GgufValue | undefined): boolean =>
  typeof value === "string" ||
  typeof value === "boolean" ||
  typeof value === "number" ||
  value instanceof Float64Array ||
  (Array.isArray(value) && value.every((each) => typeof each === "string"));

/** Reads everything of a model. @param files the bytes of its files by their paths */
function checkModel({ metadata, tensors, size, files: paths }: GgufFile, files: ReadonlyMap<string, Buffer>): void {
  for (const key of metadata.keys()) holds(isValue(metadata.value(key)), "a value");
  holds(size === paths.reduce((sum, path) => sum + files.get(path)!.length, 0), "the size");
  const ends = new Map<string, number>();
  for (const { file, type, dims, offset, bytes } of [...tensors.values()].sort((a, b) => a.offset - b.offset)) {
    const input = files.get(file)!;
    holds(
      offset >= (ends.get(file) ?? 24) && offset + bytes <= input.length,
      "a tensor outside of its file, or on another",
    );
    ends.set(file, offset + bytes);
    holds(
      dims.every((each) => Number.isInteger(each) && each > 0),
      "the dims of a tensor",
    );
    const values = dequantised(type, input.subarray(offset, offset + bytes), product(dims));
    holds(values instanceof Float32Array && values.length === product(dims), "the values of a tensor");
  }
}

const ggufReader: Reader = {
  name: "gguf",
  weight: 8,
  corpus: () => [
    ggufBytes({ metadata: METADATA, tensors: TENSORS }),
    ggufBytes({ metadata: METADATA, tensors: TENSORS, version: 2, alignment: 64 }),
    ggufBytes({ metadata: METADATA }),
  ],
  make: makeGguf,
  open: (folder) => (input) => {
    const path = join(folder, "x.gguf");
    writeFileSync(path, input);
    checkModel(readGguf(path), new Map([[path, input]]));
  },
};

/** The second part of a model. */
const partReader: Reader = {
  name: "ggufPart",
  weight: 2,
  corpus: () => [ggufBytes({ metadata: part(1), tensors: TENSORS }), ggufBytes({ metadata: part(1) })],
  open: (folder) => {
    const [one, two] = [1, 2].map((number) => join(folder, `x-0000${number}-of-00002.gguf`)) as [string, string];
    const first = ggufBytes({ metadata: part(0), tensors: [{ name: "first", type: "F32", dims: [3] }] });
    writeFileSync(one, first);
    return (input) => {
      writeFileSync(two, input);
      checkModel(
        readGguf(one),
        new Map([
          [one, first],
          [two, input],
        ]),
      );
    };
  },
};

/** A whole model, shown as a folder: its config, the names and shapes of its tensors, its tokenizer, its template. */
const modelReader: Reader = {
  name: "ggufModel",
  weight: 8,
  // A rendering may take four seconds by its own limit.
  patience: 20_000,
  corpus: () => [
    tinyGguf("llama", { "tokenizer.chat_template": "{% for m in messages %}{{ m.content }}{% endfor %}" }),
    tinyGguf("gpt2"),
  ],
  make: makeGgufModel,
  open: (folder) => async (input) => {
    const path = join(folder, "x.gguf");
    writeFileSync(path, input);
    const file = readGguf(path);
    const config = ggufConfig(file);
    const { tokenizer, tokenizerConfig, generationConfig } = ggufTokenizer(file.metadata);
    const shown = {
      config,
      tokenizer,
      tokenizer_config: tokenizerConfig,
      generation_config: generationConfig,
    };
    for (const [name, content] of Object.entries(shown))
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(content));
    for (const [name, { tensor }] of ggufTensors(file, config))
      holds(name !== "" && file.tensors.get(tensor.name) === tensor, "a tensor of the file");
    await checkTokenizer(folder, ["a b"]);
    holds(endTokens(folder).every(Number.isSafeInteger), "end tokens are ids");
    const { template } = chatTemplateOf(folder, readTokenizerConfig(folder));
    const rendered = template.render([{ role: "user", content: "is it red?" }], { addGenerationPrompt: true });
    holds(typeof rendered === "string", "a conversation is a text");
  },
};

export const GGUF_READERS: readonly Reader[] = [ggufReader, partReader, modelReader];
