import { closeSync, existsSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { dequantised } from "../../src/backbone/gguf/ggufBlocks.ts";
import type { ChangedTensor } from "../../src/backbone/gguf/ggufTensors.ts";
import { changedValues } from "../../src/backbone/gguf/tensorChange.ts";
import { readBytes } from "../../src/engine/weightData.ts";

const CACHE = join(import.meta.dirname, "../cache");
const MADE = join(CACHE, "gguf");
/** SmolLM2-135M-Instruct as GGUF, and the folder with its values. */
export const SMOLLM2_FILE = join(CACHE, "smollm2.gguf");
export const SMOLLM2_FOLDER = join(CACHE, "smollm2");

/** A GGUF file of a small random model, made by test/models/gguf_models.py. */
export interface MadeFile {
  model: string;
  /** What its matrices are: F32 or a quantised type. */
  type: string;
  file: string;
  /** The model's folder, and the folder whose tensors are the values that the file holds. */
  folder: string;
  values: string;
}

/** @throws Error where the files were not made */
export function madeFiles(): MadeFile[] {
  if (!existsSync(MADE)) throw new Error(`${MADE} is missing: run test/models/prepare.sh`);
  return readdirSync(MADE, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .flatMap(({ name: model }) => {
      const folder = join(MADE, model);
      const files = readdirSync(folder).filter((name) => name.endsWith(".gguf"));
      return files.map((name) => {
        const type = name.replace(".gguf", "");
        return { model, type, file: join(folder, name), folder, values: type === "F32" ? folder : join(folder, type) };
      });
    })
    .sort((a, b) => a.file.localeCompare(b.file));
}

/** The values of the Hugging Face tensor that is made from a stored one. */
export function valuesOf({ tensor, change }: ChangedTensor): Float32Array {
  const handle = openSync(tensor.file, "r");
  try {
    const count = tensor.dims.reduce((a, b) => a * b, 1);
    const raw = readBytes(handle, tensor.offset, tensor.bytes);
    return changedValues(change, dequantised(tensor.type, raw, count), tensor.dims);
  } finally {
    closeSync(handle);
  }
}
