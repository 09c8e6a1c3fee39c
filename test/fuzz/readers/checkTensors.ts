import type { Tensors } from "../../../src/backbone/files/safetensors.ts";
import { holds } from "../reader.ts";

export const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

/** @throws where a tensor is not what its file holds */
export function checkTensors(tensors: Tensors): void {
  for (const [name, { dims, data }] of tensors)
    holds(
      data instanceof Float32Array &&
        data.length === product(dims) &&
        dims.every((size) => Number.isInteger(size) && size >= 0),
      `the tensor ${name.slice(0, 40)}`,
    );
}
