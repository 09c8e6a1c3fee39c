import { closeSync, openSync } from "node:fs";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { readBytes } from "../../engine/weightData.ts";
import type { GgufFacts } from "./ggufFacts.ts";
import { shortestDecimal } from "./shortestDecimal.ts";

/** More pairs than any head has. */
const MOST_FACTORS = 4096;

/**
 * The numbers by which the frequencies of a rotation are divided, one for each pair of a head; undefined where the file
 * has no such tensor.
 * @throws UserError where the tensor is not fp32 or not positive, or has another number of values
 */
export function ropeFactors({ file }: GgufFacts, name: string, pairs: number): number[] | undefined {
  const tensor = file.tensors.get(name);
  if (tensor === undefined) return undefined;
  const count = tensor.dims.reduce((a, b) => a * b, 1);
  if (tensor.type === "F32" && count === pairs && count <= MOST_FACTORS) {
    const handle = openSync(tensor.file, "r");
    try {
      const bytes = readBytes(handle, tensor.offset, 4 * count);
      const found = Array.from({ length: count }, (_, i) => shortestDecimal(bytes.readFloatLE(4 * i)));
      if (found.every((factor) => Number.isFinite(factor) && factor > 0)) return found;
    } finally {
      closeSync(handle);
    }
  }
  throw new UserError(
    "gguf-rope-factors",
    phrase`${file.path}: tensor "${name}" does not hold ${pairs} positive numbers in F32`,
    phrase`Take another GGUF file of the model.`,
  );
}
