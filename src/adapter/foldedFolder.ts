import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { applyEdits, modify, parse } from "jsonc-parser";
import { writeSafetensors, type Tensors } from "../backbone/files/safetensors.ts";
import { openBackbone } from "../backbone/openBackbone.ts";
import type { Adapter } from "./adapterFolder.ts";
import { checkFoldable, foldedInput, foldedTensor } from "./fold.ts";

/** The file of a folded folder that holds what the method does to the encoder's input. */
export const FOLDED_INPUT = "folded_input.safetensors";
const COPIED = [
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "spiece.model",
];

/**
 * Copies the backbone's config with fp32 as the type of the weights. The rest of the text is copied unchanged, since
 * transformers distinguishes 1.0 from 1.
 */
function writeConfig(from: string, to: string): void {
  const text = readFileSync(from, "utf8");
  const config: unknown = parse(text);
  const has = (key: string): boolean => typeof config === "object" && config !== null && key in config;
  writeFileSync(
    to,
    ["torch_dtype", "dtype"]
      .filter(has)
      .reduce((edited, key) => applyEdits(edited, modify(edited, [key], "float32", {})), text),
  );
}

/**
 * Writes a backbone with an adapter folded into its weights, as a plain Hugging Face folder in fp32. What an input-side
 * method does is written beside it as folded_input.safetensors, with a README that has the Python code to use it.
 * @returns the names of the tensors of folded_input.safetensors; none for methods inside the weights
 * @throws UserError for methods that cannot be folded
 */
export function writeFoldedFolder(folder: string, adapter: Adapter, backbone: string): string[] {
  const { weights, layout, family } = openBackbone(backbone);
  checkFoldable(adapter, layout);
  const linears = new Map(layout.linears.map((linear) => [`${linear.module}.weight`, linear]));
  const tensors: Tensors = new Map(
    layout.weights.map(({ name, dims }) => {
      const tensor = { name, linear: linears.get(name), read: () => weights.read(name, dims) };
      return [name, { dims, data: foldedTensor(adapter, tensor) }];
    }),
  );
  writeSafetensors(join(folder, "model.safetensors"), tensors, { format: "pt" });
  writeConfig(join(backbone, "config.json"), join(folder, "config.json"));
  for (const name of COPIED)
    if (existsSync(join(backbone, name))) copyFileSync(join(backbone, name), join(folder, name));
  const input = foldedInput(adapter, tensors.get(layout.embedding)!.data, layout.width);
  if (input.size > 0) {
    writeSafetensors(join(folder, FOLDED_INPUT), input, { format: "pt" });
    writeFileSync(join(folder, "README.md"), family.foldedReadme(FOLDED_INPUT));
  }
  return [...input.keys()];
}
