import { UserError } from "../../base/errors.ts";
import { listed, phrase } from "../../base/phrase.ts";
import { malformed, truncated } from "./ggufErrors.ts";
import type { GgufMetadata } from "./ggufMetadata.ts";
import type { GgufPart, StoredInfo } from "./ggufPart.ts";
import { readParts } from "./ggufParts.ts";
import { BLOCKS, isReadType, typeName, type GgufType } from "./ggufTypes.ts";

/** A tensor of a GGUF file. */
export interface GgufTensor {
  name: string;
  type: GgufType;
  /** Row-major as in Hugging Face: outermost first, which is the reverse of the file's order. */
  dims: number[];
  /** The file that holds it: the model's only one, or one of its parts. */
  file: string;
  /** The first byte, from the start of that file, and the number of bytes. */
  offset: number;
  bytes: number;
}

/** A model in a GGUF file, or in several that belong together. */
export interface GgufFile {
  /** The file that was given: the first of several. */
  path: string;
  /** All files, the first first. */
  files: readonly string[];
  /** Bytes of all files together. */
  size: number;
  metadata: GgufMetadata;
  /** By name, in the order of the files. */
  tensors: ReadonlyMap<string, GgufTensor>;
}

/** Refuses files with tensors of types that are not read, and names all of these types. */
function refuseTypes(path: string, parts: readonly GgufPart[]): void {
  const counts = new Map<string, number>();
  for (const { type } of parts.flatMap(({ tensors }) => tensors)) {
    const name = typeName(type);
    if (!isReadType(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  if (counts.size > 0)
    throw new UserError(
      "gguf-type-not-read",
      phrase`${path} has tensors of types that are not read, each with the number of its tensors: ${listed([...counts].slice(0, 20).map(([name, count]) => phrase`${name} (${count})`))}`,
      phrase`Take the Q4_K_M, Q8_0 or F16 file of the same model.`,
    );
}

/** The place of a tensor in its file. @throws UserError where its shape contradicts its type, or the file is short */
function placed({ path, size, data, alignment }: GgufPart, { name, type, dims, offset }: StoredInfo): GgufTensor {
  const known = typeName(type) as GgufType;
  const block = BLOCKS[known];
  const values = dims.reduce((a, b) => a * b, 1);
  const shape = [...dims].reverse();
  if (!(values > 0 && Number.isSafeInteger(values)) || dims[0]! % block.values !== 0)
    throw malformed(path, phrase`tensor "${name}" of type ${known} has shape (${shape.join(", ")})`);
  if (offset % alignment !== 0)
    throw malformed(path, phrase`tensor "${name}" begins at byte ${offset}, not at a multiple of ${alignment}`);
  const bytes = (values / block.values) * block.bytes;
  if (data + offset + bytes > size) throw truncated(path, phrase`tensor "${name}"`);
  return { name, type: known, dims: shape, file: path, offset: data + offset, bytes };
}

/** Refuses tensors of one file that overlap: a small file could otherwise claim much memory. */
function checkApart(path: string, tensors: readonly GgufTensor[]): void {
  let end = 0;
  let before = "";
  for (const { name, offset, bytes } of [...tensors].sort((a, b) => a.offset - b.offset)) {
    if (offset < end) throw malformed(path, phrase`the tensors "${before}" and "${name}" overlap`);
    [end, before] = [offset + bytes, name];
  }
}

/**
 * Reads what a GGUF file says of its model: the metadata, and where each tensor lies. A model in several files
 * (NAME-00001-of-00003.gguf) is read from all of them, given the first.
 * @throws UserError naming the file where it is missing, damaged, or of a form or with types that are not read
 */
export function readGguf(path: string): GgufFile {
  const parts = readParts(path);
  refuseTypes(path, parts);
  const tensors = new Map<string, GgufTensor>();
  for (const part of parts) {
    const own = part.tensors.map((info) => placed(part, info));
    checkApart(part.path, own);
    for (const tensor of own) {
      if (tensors.has(tensor.name)) throw malformed(part.path, phrase`the tensor "${tensor.name}" is there twice`);
      tensors.set(tensor.name, tensor);
    }
  }
  return {
    path,
    files: parts.map((part) => part.path),
    size: parts.reduce((sum, { size }) => sum + size, 0),
    metadata: parts[0]!.metadata,
    tensors,
  };
}
