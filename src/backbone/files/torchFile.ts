import { boundedBytes } from "../../base/files/boundedFile.ts";
import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import { widen } from "../../engine/weightData.ts";
import type { Tensors } from "./safetensors.ts";
import { readStoredZip } from "./storedZip.ts";
import { ForbiddenPickle, readTensorPickle, type PickledTensor } from "./tensorPickle.ts";

const TYPES = {
  Float: { type: "float32", bytes: 4 },
  Half: { type: "float16", bytes: 2 },
  BFloat16: { type: "bfloat16", bytes: 2 },
} as const;
/** The largest file that is read, in bytes; adapters are smaller. */
const MOST_FILE = 2 ** 31 - 1;
/**
 * Values that all tensors together may have per byte of their file: a view can repeat a value, and several tied tensors
 * can share a storage.
 */
const MOST_A_BYTE = 4;

/** The file's storages, each widened once, and the number of values that its tensors may still have. */
interface Storages {
  bytesOf: (key: string) => Buffer | undefined;
  widened: Map<string, Float32Array>;
  left: number;
}

function pickle(bytes: Buffer, path: string): Map<string, PickledTensor> {
  try {
    return readTensorPickle(bytes);
  } catch (error) {
    if (!(error instanceof ForbiddenPickle)) throw error;
    throw new UserError(
      "pickle-forbidden",
      phrase`${path} asks for ${error.message}: it holds more than tensors, or is damaged. Nothing of it was executed.`,
      phrase`Take the file from a source you trust, or save the tensors alone.`,
    );
  }
}

/** The values of a view of a storage, in row-major order. */
function gather(values: Float32Array, { offset, sizes, strides }: PickledTensor): Float32Array {
  const count = sizes.reduce((product, size) => product * size, 1);
  const result = new Float32Array(count);
  const index = sizes.map(() => 0);
  for (let i = 0, at = offset; i < count; i++) {
    result[i] = values[at]!;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < sizes[axis]!) break;
      at -= strides[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}

/** A storage's values as fp32. */
function valuesOf({ key, type, elements }: PickledTensor["storage"], bytes: Buffer, storages: Storages): Float32Array {
  const known = `${type} ${elements} ${key}`;
  const { type: kind, bytes: size } = TYPES[type as keyof typeof TYPES];
  const values = storages.widened.get(known) ?? widen(bytes.subarray(0, elements * size), kind);
  storages.widened.set(known, values);
  return values;
}

function tensorOf(
  tensor: PickledTensor,
  storages: Storages,
  fail: (what: Phrase) => never,
): { dims: number[]; data: Float32Array } {
  const { storage, offset, sizes, strides } = tensor;
  const bytes = storages.bytesOf(storage.key);
  const type = TYPES[storage.type as keyof typeof TYPES] as (typeof TYPES)[keyof typeof TYPES] | undefined;
  if (type === undefined) return fail(phrase`is of type ${storage.type}; Float, Half or BFloat16 is needed`);
  if (bytes === undefined || !(storage.elements >= 0) || bytes.length !== storage.elements * type.bytes)
    return fail(
      phrase`lacks its values: ${storage.elements} of ${type.bytes} bytes, the file has ${bytes?.length ?? 0} bytes`,
    );
  const whole = [offset, ...sizes, ...strides].every((value) => Number.isInteger(value) && value >= 0);
  const count = sizes.reduce((product, size) => product * size, 1);
  const last = offset + sizes.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] ?? NaN), 0);
  if (!whole || sizes.length !== strides.length || sizes.length > 8 || (count > 0 && !(last < storage.elements)))
    return fail(
      phrase`has the shape (${sizes.join(", ")}) with strides (${strides.join(", ")}), which its ${storage.elements} values cannot have`,
    );
  if ((storages.left -= count) < 0)
    return fail(phrase`has the shape (${sizes.join(", ")}), more values than a file of this size makes plausible`);
  return { dims: sizes, data: gather(valuesOf(storage, bytes, storages), tensor) };
}

/**
 * Reads the tensors of a file that torch.save wrote (a zip of a pickle and raw values), widened to fp32. Executes
 * nothing of it.
 * @throws UserError naming the file and what is damaged, missing or forbidden
 */
export function readTorchFile(path: string): Tensors {
  const bytes = boundedBytes(path, MOST_FILE);
  const files = readStoredZip(bytes, path);
  const [main, ...more] = [...files.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (main === undefined || more.length > 0)
    throw new UserError(
      "torch-data-missing",
      phrase`${path} is not a file of torch.save: it has no data.pkl`,
      phrase`Give the adapter_model.bin that the official code or PEFT wrote.`,
    );
  const folder = main.slice(0, -"data.pkl".length);
  const storages: Storages = {
    bytesOf: (key) => files.get(`${folder}data/${key}`),
    widened: new Map(),
    left: MOST_A_BYTE * bytes.length,
  };
  if ((files.get(`${folder}byteorder`)?.toString() ?? "little") !== "little")
    throw new UserError(
      "torch-big-endian",
      phrase`${path} was written on a big-endian machine`,
      phrase`Load and save it on another.`,
    );
  return new Map(
    [...pickle(files.get(main)!, path)].map(([name, tensor]) => [
      name,
      tensorOf(tensor, storages, (what) => {
        throw new UserError("torch-tensor-malformed", phrase`${path}: tensor "${name}" ${what}`);
      }),
    ]),
  );
}
