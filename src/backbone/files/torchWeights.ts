import { createHash } from "node:crypto";
import { closeSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import { readBytes } from "../../engine/weightData.ts";
import { piecesOf, type FilePart, type OpenFile } from "./storedZip.ts";
import type { StoredEntry } from "./storedEntry.ts";
import type { PickledTensor } from "./tensorPickle.ts";
import { countOf, gather, isContiguous, lastOf, viewProblem, type Values } from "./tensorView.ts";
import { openTorchFile, readTorchArchive, VALUE_BYTES, type TorchArchive } from "./torchArchive.ts";
import { MOST_A_BYTE } from "./torchFile.ts";
import { counted, finished, type ByteSteps, type CopySteps } from "./copySteps.ts";
import {
  bytesOfAll,
  cachedHeader,
  contentHash,
  hashBytes,
  verificationOf,
  weightCache,
  writeCached,
} from "./weightCache.ts";

const FORMAT = "adept torch weights 2";
/** What a safetensors file calls the values of a storage. */
const DTYPES: Readonly<Record<string, string>> = {
  Double: "F64",
  Long: "I64",
  Float: "F32",
  Int: "I32",
  Half: "F16",
  BFloat16: "BF16",
  Short: "I16",
  Char: "I8",
  Byte: "U8",
  Bool: "BOOL",
};
/** Bytes that are copied at a time, and the most bytes of a file over which a view in another order is spread. */
const CHUNK = 2 ** 24;
const MOST_SPREAD = 2 ** 31 - 1;

/** A tensor of the file under the first of its names; tied tensors are one view with several names. */
interface View {
  name: string;
  /** Its name in the file of the cache, which is none that a header has a use for, such as "__metadata__". */
  kept: string;
  tensor: PickledTensor;
  part: FilePart;
  dtype: string;
  /** Bytes of a value. */
  width: number;
  dims: number[];
}

/**
 * The tensors of a file of torch.save, as those of a safetensors file of the cache. That file is made from the bytes of
 * this one when a place in it is first asked for, once for each content, and verified once in a process.
 * @param checked another copy of the model has just verified the file of the cache
 * @throws UserError naming the file and what is damaged, missing or forbidden
 */
export function torchEntries(path: string, checked: boolean): Map<string, StoredEntry> {
  const archive = readTorchArchive(path);
  const views = viewsOf(archive);
  let offsets: Converted | undefined;
  const entries = new Map<View, StoredEntry>();
  const distinct = [...new Set(views.values())];
  const copy = function* (): CopySteps<void> {
    offsets ??= yield* converted(archive, distinct, checked);
  };
  for (const view of distinct)
    entries.set(view, {
      source: path,
      dims: view.dims,
      dtype: view.dtype,
      bytes: countOf(view.tensor) * view.width,
      copy,
      place: () => {
        offsets ??= finished(converted(archive, distinct, checked));
        return { file: offsets.file, offset: offsets.at.get(view.kept)! };
      },
    });
  return new Map([...views].map(([name, view]) => [name, entries.get(view)!]));
}

/** The views by the names of their tensors. */
function viewsOf({ path, size, tensors, storages }: TorchArchive): Map<string, View> {
  const known = new Map<string, View>();
  const views = new Map<string, View>();
  let left = MOST_A_BYTE * size;
  for (const [name, tensor] of tensors) {
    const { storage, offset, sizes, strides } = tensor;
    const fail = (what: Phrase): never => {
      throw new UserError("torch-tensor-malformed", phrase`${path}: tensor "${name}" ${what}`);
    };
    const key = JSON.stringify([storage, offset, sizes, strides]);
    const part = storages.get(storage.key);
    const width = VALUE_BYTES[storage.type];
    const dtype = DTYPES[storage.type];
    if (width === undefined || dtype === undefined) return fail(phrase`is of the unknown type ${storage.type}`);
    const problem = viewProblem(tensor, part?.size, width);
    if (problem !== undefined || part === undefined) return fail(problem ?? phrase`lacks its values`);
    const view = known.get(key) ?? { name, kept: `${known.size} ${name}`, tensor, part, dtype, width, dims: sizes };
    if (view.name === name && (left -= countOf(tensor) * width) < 0)
      fail(phrase`has the shape (${sizes.join(", ")}), more values than a file of this size makes plausible`);
    if (!isContiguous(tensor) && countOf(tensor) > 0 && (lastOf(tensor) - offset + 1) * width > MOST_SPREAD)
      fail(phrase`is spread over more than ${MOST_SPREAD} bytes`);
    known.set(key, view);
    views.set(name, view);
  }
  return views;
}

/** The file of the cache and each tensor's first byte there. */
interface Converted {
  file: string;
  at: Map<string, number>;
}

function* converted(archive: TorchArchive, distinct: readonly View[], checked: boolean): CopySteps<Converted> {
  const folder = weightCache();
  // Wider values first, so that all are aligned.
  const views = [...distinct].sort((a, b) => b.width - a.width);
  const described = views.map(({ name, tensor, part }) => [name, tensor, part.offset]);
  const stored = new Set(views.map((view) => view.part));
  const size = [...stored].reduce((sum, part) => sum + part.size, 0);
  const asked = { files: [archive.path], described, total: size };
  const source = yield* contentHash(folder, asked, function* (hash) {
    hash.update(JSON.stringify(views.map(({ name, tensor }) => [name, tensor])));
    const file = openTorchFile(archive);
    try {
      for (const part of stored)
        for (const piece of piecesOf(file, part)) {
          hash.update(piece);
          yield piece.length;
        }
    } finally {
      closeSync(file.fd);
    }
  });
  const path = join(folder, `${source}-torch.safetensors`);
  const tensors = views.map(({ kept: name, dtype, width, dims }) => ({ name, dtype, width, dims }));
  const told = { path: archive.path, total: bytesOfAll(tensors) };
  const found = yield* counted(openConverted(path, views, { source, checked }), { ...told, doing: "checking" });
  if (found !== undefined) return found;
  const written = writeCached(path, { tensors, metadata: { format: FORMAT, source } }, function* (put) {
    const file = openTorchFile(archive);
    try {
      for (const view of views)
        for (const bytes of viewPieces(file, view)) {
          put(view.kept, bytes);
          yield;
        }
    } finally {
      closeSync(file.fd);
    }
  });
  yield* counted(written, { ...told, doing: "copying" });
  const made = finished(openConverted(path, views, { source, checked: true }));
  if (made === undefined) throw new Error(`${path} is not what was written`);
  return made;
}

/** Undefined where the file is missing, is of other tensors, or has a changed byte. */
function* openConverted(
  path: string,
  views: readonly View[],
  { source, checked }: { source: string; checked: boolean },
): ByteSteps<Converted | undefined> {
  const header = cachedHeader(path);
  if (header?.metadata["format"] !== FORMAT || header.metadata["source"] !== source) return undefined;
  const verification = verificationOf(path);
  const isChecked = checked || verification.isDone();
  const hash = createHash("sha256");
  const at = new Map<string, number>();
  for (const { kept: name, dtype, dims } of views) {
    const entry = header.entries.get(name);
    if (entry?.dtype !== dtype || entry.dims.join() !== dims.join()) return undefined;
    if (!isChecked) yield* hashBytes(hash, entry);
    at.set(name, entry.offset);
  }
  if (!isChecked && hash.digest("hex") !== header.metadata["sha256"]) return undefined;
  verification.keep();
  return { file: path, at };
}

/** Values of one width as numbers; only their bits matter. */
function numbersOf(bytes: Buffer, width: number): Values {
  const { buffer, byteOffset, length } = bytes;
  if (width === 1) return new Uint8Array(buffer, byteOffset, length);
  if (width === 2) return new Uint16Array(buffer, byteOffset, length / 2);
  // Float32Array could change the bits of a value that is no number.
  return width === 4
    ? new Uint32Array(buffer, byteOffset, length / 4)
    : new BigUint64Array(buffer, byteOffset, length / 8);
}

/** The bytes of a view in row-major order, in pieces. */
function* viewPieces({ fd }: OpenFile, { tensor, part, width }: View): Generator<Buffer, void, undefined> {
  const count = countOf(tensor);
  if (count === 0) return;
  const from = part.offset + tensor.offset * width;
  if (!isContiguous(tensor)) {
    const bytes = Buffer.alloc(count * width);
    const spread = readBytes(fd, from, (lastOf(tensor) - tensor.offset + 1) * width);
    gather(numbersOf(bytes, width), numbersOf(spread, width), { ...tensor, offset: 0 });
    yield bytes;
    return;
  }
  for (let done = 0; done < count * width; done += CHUNK)
    yield readBytes(fd, from + done, Math.min(CHUNK, count * width - done));
}
