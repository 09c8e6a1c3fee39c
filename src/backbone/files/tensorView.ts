import { phrase, type Phrase } from "../../base/phrase.ts";
import type { PickledTensor } from "./tensorPickle.ts";

const MOST_AXES = 8;

/** The number of a view's values. */
export const countOf = ({ sizes }: Pick<PickledTensor, "sizes">): number =>
  sizes.reduce((product, size) => product * size, 1);

/** The last place in its storage that a view with values reads. */
export const lastOf = ({ offset, sizes, strides }: PickledTensor): number =>
  offset + sizes.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] ?? NaN), 0);

/**
 * What keeps a view from being one of its storage; undefined where it is one.
 * @param bytes the storage's length in bytes; undefined where the file has no such storage
 * @param size bytes of a value
 */
export function viewProblem(tensor: PickledTensor, bytes: number | undefined, size: number): Phrase | undefined {
  const { storage, offset, sizes, strides } = tensor;
  if (bytes === undefined || !(storage.elements >= 0) || bytes !== storage.elements * size)
    return phrase`lacks its values: ${storage.elements} of ${size} bytes, the file has ${bytes ?? 0} bytes`;
  const whole = [offset, ...sizes, ...strides].every((value) => Number.isSafeInteger(value) && value >= 0);
  const known = whole && sizes.length === strides.length && sizes.length <= MOST_AXES;
  if (known && (countOf(tensor) === 0 || lastOf(tensor) < storage.elements)) return undefined;
  return phrase`has the shape (${sizes.join(", ")}) with strides (${strides.join(", ")}), which its ${storage.elements} values cannot have`;
}

/** Whether a view's values lie one behind the other, in row-major order. */
export function isContiguous({ sizes, strides }: PickledTensor): boolean {
  let step = 1;
  for (let axis = sizes.length - 1; axis >= 0; axis--) {
    if (sizes[axis] !== 1 && strides[axis] !== step) return false;
    step *= sizes[axis]!;
  }
  return true;
}

/** Numbers of one width, whatever they mean. */
export type Values = Float32Array | Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

/** Copies the values of a view of `values` into `result`, in row-major order. */
export function gather(
  result: Values,
  values: Values,
  { offset, sizes, strides }: Omit<PickledTensor, "storage">,
): void {
  const index = sizes.map(() => 0);
  for (let i = 0, at = offset; i < result.length; i++) {
    result[i] = values[at]!;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < sizes[axis]!) break;
      at -= strides[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
  }
}
