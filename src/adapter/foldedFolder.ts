import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { applyEdits, modify, parse } from "jsonc-parser";
import { writeSafetensors, type Tensors } from "../backbone/files/safetensors.ts";
import { embeddedRows } from "../backbone/embeddedRows.ts";
import type { FoldedParts } from "../backbone/family.ts";
import { openBackbone, type Backbone } from "../backbone/openBackbone.ts";
import type { BackboneTensor } from "../method/foldForm.ts";
import { PROMPT } from "../method/prompt.ts";
import { promptTuning } from "../method/promptTuning.ts";
import { saveAdapter, type Adapter } from "./adapterFolder.ts";
import { changesHead, checkFoldable, foldedInput, foldedTensor, promptPart, tokenOffsets } from "./fold.ts";

/** The file of a folded folder that holds what the method does to an encoder's input. */
const FOLDED_INPUT = "folded_input.safetensors";
/** The folder of a folded causal model that holds the prompt. */
const FOLDED_PROMPT = "prompt";
const COPIED = [
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "chat_template.jinja",
  "chat_template.json",
  "spiece.model",
  "tokenizer.model",
  "vocab.json",
  "merges.txt",
];

/**
 * Copies the backbone's config with fp32 as the type of the weights. The rest of the text is copied unchanged, since
 * transformers distinguishes 1.0 from 1.
 * @param untied whether the output layer no longer shares its weight with the embedding
 */
function writeConfig(from: string, to: string, untied: boolean): void {
  const text = readFileSync(from, "utf8");
  const config: unknown = parse(text);
  const has = (key: string): boolean => typeof config === "object" && config !== null && key in config;
  const changes: [key: string, value: string | boolean][] = ["torch_dtype", "dtype"]
    .filter(has)
    .map((key) => [key, "float32"]);
  if (untied) changes.push(["tie_word_embeddings", false]);
  writeFileSync(
    to,
    changes.reduce((edited, [key, value]) => applyEdits(edited, modify(edited, [key], value, {})), text),
  );
}

/** The backbone's tensors with the method's change inside the backbone. */
function foldedWeights(adapter: Adapter, { weights, layout }: Backbone): Tensors {
  const parts = new Map<string, Pick<BackboneTensor, "linear" | "part">>(
    layout.linears.flatMap((linear) => [
      [`${linear.module}.weight`, { linear, part: "weight" }],
      [`${linear.module}.bias`, { linear, part: "bias" }],
    ]),
  );
  const none = { linear: undefined, part: "weight" as const };
  return new Map(
    layout.weights.map(({ name, dims }) => {
      const tensor = { name, ...(parts.get(name) ?? none), read: () => weights.read(name, dims) };
      return [name, { dims, data: foldedTensor(adapter, tensor) }];
    }),
  );
}

/** What a folded folder needs that its weights alone do not say. */
interface FoldedSide extends FoldedParts {
  /** Whether the weights have an output layer of their own, where the backbone shares it with the embedding. */
  untied: boolean;
  /** Names of the tensors beside the weights. */
  names: string[];
}

/** Writes what the method does to an encoder's input as a file: the decoder shares the embedding, so it stays. */
function writeEncoderInput(folder: string, adapter: Adapter, table: Float32Array, width: number): FoldedSide {
  const input = foldedInput(adapter, table, width);
  if (input.size > 0) writeSafetensors(join(folder, FOLDED_INPUT), input, { format: "pt" });
  return { untied: false, names: [...input.keys()], ...(input.size > 0 && { inputFile: FOLDED_INPUT }) };
}

/**
 * Adds the method's offsets to a causal model's input embedding, and writes its prompt as an adapter of prompt tuning.
 * A shared output layer keeps the values that it has without the method's offsets.
 */
function foldCausalInput(folder: string, adapter: Adapter, { layout }: Backbone, tensors: Tensors): FoldedSide {
  const { width, embedding, head, embeddingScale = 1 } = layout;
  const { dims, data: table } = tensors.get(embedding)!;
  const prompt = promptPart(adapter, width);
  const offsets = tokenOffsets(adapter, embeddedRows(table, layout), width);
  const untied = head.tied && (offsets !== undefined || changesHead(adapter, layout));
  if (untied) {
    const name = `${head.module}.weight`;
    const linear = layout.linears.find(({ module }) => module === head.module);
    tensors.set(name, { dims, data: foldedTensor(adapter, { name, linear, part: "weight", read: () => table }) });
  }
  if (offsets !== undefined)
    tensors.set(embedding, { dims, data: table.map((e, i) => e + offsets[i]! / embeddingScale) });
  if (prompt === undefined) return { untied, names: [] };
  const rows = prompt.length / width;
  const spec = promptTuning.schema.parse({ kind: promptTuning.kind, promptInit: "random", initText: "" });
  const tensor = { name: PROMPT, dims: [rows, width], group: PROMPT, data: prompt };
  saveAdapter(
    join(folder, FOLDED_PROMPT),
    { spec, sizes: { promptLength: rows, count: prompt.length }, parameters: new Map([[PROMPT, tensor]]) },
    { backbone: ".", layout },
  );
  return { untied, names: [PROMPT], promptFolder: FOLDED_PROMPT };
}

/**
 * Writes a backbone with an adapter folded into its weights, as a plain Hugging Face folder in fp32. What the weights
 * cannot hold is written beside it, with a README that has the Python code to use it: in an encoder-decoder what an
 * input-side method does, as folded_input.safetensors; in a causal model the prompt, as a PEFT adapter.
 * @returns the names of the tensors beside the weights, none for methods inside the weights, and the file or the folder
 * that holds them
 * @throws UserError for methods that cannot be folded
 */
export function writeFoldedFolder(
  folder: string,
  adapter: Adapter,
  from: string,
): { input: string[]; place: string | undefined } {
  const backbone = openBackbone(from);
  const { layout, family } = backbone;
  checkFoldable(adapter, layout);
  const tensors = foldedWeights(adapter, backbone);
  const { untied, names, ...parts } = layout.isCausal
    ? foldCausalInput(folder, adapter, backbone, tensors)
    : writeEncoderInput(folder, adapter, tensors.get(layout.embedding)!.data, layout.width);
  writeSafetensors(join(folder, "model.safetensors"), tensors, { format: "pt" });
  writeConfig(join(from, "config.json"), join(folder, "config.json"), untied);
  for (const name of COPIED) if (existsSync(join(from, name))) copyFileSync(join(from, name), join(folder, name));
  if (names.length > 0 || untied) writeFileSync(join(folder, "README.md"), family.foldedReadme(parts));
  return { input: names, place: parts.inputFile ?? parts.promptFolder };
}
