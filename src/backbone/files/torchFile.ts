import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import { widen } from "../../engine/weightData.ts";
import type { Tensors } from "./safetensors.ts";
import { readPart, type FilePart, type OpenFile } from "./storedZip.ts";
import type { PickledTensor } from "./tensorPickle.ts";
import { countOf, gather, viewProblem } from "./tensorView.ts";
import { readTorchArchive, withTorchFile } from "./torchArchive.ts";

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
export const MOST_A_BYTE = 4;

/** The file's storages, each widened once, and the number of values that its tensors may still have. */
interface Storages {
  file: OpenFile;
  parts: ReadonlyMap<string, FilePart>;
  widened: Map<string, Float32Array>;
  left: number;
}

/** A storage's values as fp32. */
function valuesOf({ key, type, elements }: PickledTensor["storage"], part: FilePart, storages: Storages): Float32Array {
  const known = `${type} ${elements} ${key}`;
  const { type: kind } = TYPES[type as keyof typeof TYPES];
  const values = storages.widened.get(known) ?? widen(readPart(storages.file, part), kind);
  storages.widened.set(known, values);
  return values;
}

function tensorOf(
  tensor: PickledTensor,
  storages: Storages,
  fail: (what: Phrase) => never,
): { dims: number[]; data: Float32Array } {
  const { storage, sizes } = tensor;
  const part = storages.parts.get(storage.key);
  const type = TYPES[storage.type as keyof typeof TYPES] as (typeof TYPES)[keyof typeof TYPES] | undefined;
  if (type === undefined) return fail(phrase`is of type ${storage.type}; Float, Half or BFloat16 is needed`);
  const problem = viewProblem(tensor, part?.size, type.bytes);
  if (problem !== undefined || part === undefined) return fail(problem ?? phrase`lacks its values`);
  const count = countOf(tensor);
  if ((storages.left -= count) < 0)
    return fail(phrase`has the shape (${sizes.join(", ")}), more values than a file of this size makes plausible`);
  const data = new Float32Array(count);
  gather(data, valuesOf(storage, part, storages), tensor);
  return { dims: sizes, data };
}

/**
 * Reads the tensors of a file that torch.save wrote, widened to fp32. Executes nothing of it.
 * @throws UserError naming the file and what is damaged, missing or forbidden
 */
export function readTorchFile(path: string): Tensors {
  const archive = readTorchArchive(path);
  if (archive.size > MOST_FILE)
    throw new UserError(
      "file-too-large",
      phrase`${path} has ${archive.size} bytes; a file of its kind has at most ${MOST_FILE}`,
      phrase`Check that it is the file that was meant.`,
    );
  return withTorchFile(archive, (file) => {
    const storages: Storages = {
      file,
      parts: archive.storages,
      widened: new Map(),
      left: MOST_A_BYTE * archive.size,
    };
    return new Map(
      [...archive.tensors].map(([name, tensor]) => [
        name,
        tensorOf(tensor, storages, (what) => {
          throw new UserError("torch-tensor-malformed", phrase`${path}: tensor "${name}" ${what}`);
        }),
      ]),
    );
  });
}
