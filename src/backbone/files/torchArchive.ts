import { closeSync } from "node:fs";
import { UserError } from "../../base/errors.ts";
import { openPlain } from "../../base/files/boundedFile.ts";
import { phrase } from "../../base/phrase.ts";
import { readBytes } from "../../engine/weightData.ts";
import { readPart, readStoredZip, type FilePart, type OpenFile } from "./storedZip.ts";
import {
  ForbiddenPickle,
  MOST_PICKLE,
  readEarlyPickles,
  readTensorPickle,
  type PickledTensor,
} from "./tensorPickle.ts";

/** A file of torch.save: its tensors as its pickle describes them, and where the values of their storages lie. */
export interface TorchArchive {
  path: string;
  /** The file's length in bytes. */
  size: number;
  tensors: Map<string, PickledTensor>;
  /** The bytes of each storage, by its key. */
  storages: ReadonlyMap<string, FilePart>;
}

/** Bytes of a value, by the name of its storage's type. */
export const VALUE_BYTES: Readonly<Record<string, number>> = {
  Double: 8,
  Long: 8,
  Float: 4,
  Int: 4,
  Half: 2,
  BFloat16: 2,
  Short: 2,
  Char: 1,
  Byte: 1,
  Bool: 1,
};

/** How a file of torch before 1.6 begins: a pickle of MAGIC_NUMBER of torch/serialization.py. */
const EARLY_MAGIC = Buffer.from("80028a0a6cfc9c46f9206aa850192e", "hex");

/** Reads what is pickled. @throws UserError naming the file and what it asks for */
function pickled<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ForbiddenPickle)) throw error;
    throw new UserError(
      "pickle-forbidden",
      phrase`${path} asks for ${error.message}: it holds more than tensors, or is damaged. Nothing of it was executed.`,
      phrase`Take the file from a source you trust, or save the tensors alone.`,
    );
  }
}

function refuseBigEndian(path: string, littleEndian: boolean): void {
  if (!littleEndian)
    throw new UserError(
      "torch-big-endian",
      phrase`${path} was written on a big-endian machine`,
      phrase`Load and save it on another.`,
    );
}

function readZip(file: OpenFile): TorchArchive {
  const { path, size } = file;
  const parts = readStoredZip(file);
  const [main, ...more] = [...parts.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (main === undefined || more.length > 0)
    throw new UserError(
      "torch-data-missing",
      phrase`${path} is not a file of torch.save: it has no data.pkl`,
      phrase`Give the .bin file that PyTorch, PEFT or the official code wrote.`,
    );
  const folder = main.slice(0, -"data.pkl".length);
  const order = parts.get(`${folder}byteorder`);
  refuseBigEndian(path, order === undefined || order.size > 100 || readPart(file, order).toString() === "little");
  const description = parts.get(main)!;
  const tensors = pickled(path, () => {
    if (description.size > MOST_PICKLE) throw new ForbiddenPickle(`${description.size} bytes of description`);
    return readTensorPickle(readPart(file, description));
  });
  const data = `${folder}data/`;
  const storages = [...parts].filter(([name]) => name.startsWith(data));
  return { path, size, tensors, storages: new Map(storages.map(([name, part]) => [name.slice(data.length), part])) };
}

/**
 * Reads a file of torch before 1.6: pickles one behind the other, then the values of each storage behind their number.
 * It has no checksums.
 */
function readEarly({ path, fd, size }: OpenFile): TorchArchive {
  const head = readBytes(fd, 0, Math.min(size, MOST_PICKLE));
  const { tensors, littleEndian, keys, end } = pickled(path, () => readEarlyPickles(head, EARLY_MAGIC.length));
  refuseBigEndian(path, littleEndian);
  const widths = new Map([...tensors.values()].map(({ storage }) => [storage.key, VALUE_BYTES[storage.type] ?? 0]));
  const storages = new Map<string, FilePart>();
  let at = end;
  for (const key of keys) {
    const isThere = at + 8 <= size;
    const length = isThere ? Number(readBytes(fd, at, 8).readBigInt64LE()) * (widths.get(key) ?? 0) : -1;
    if (length < 0 || at + 8 + length > size || !widths.has(key) || storages.has(key))
      throw new UserError(
        "torch-storage-damaged",
        phrase`${path}: the values of its storage "${key}" are cut off or damaged`,
        phrase`Copy or download it again.`,
      );
    storages.set(key, { name: key, offset: at + 8, size: length, crc: undefined });
    at += 8 + length;
  }
  return { path, size, tensors, storages };
}

/**
 * Reads what a file of torch.save holds, of any version of torch, without the values. Executes nothing of it.
 * @throws UserError naming the file and what is damaged, missing or forbidden
 */
export function readTorchArchive(path: string): TorchArchive {
  const { fd, size } = openPlain(path);
  try {
    const file = { path, fd, size };
    const isEarly = size >= EARLY_MAGIC.length && readBytes(fd, 0, EARLY_MAGIC.length).equals(EARLY_MAGIC);
    return isEarly ? readEarly(file) : readZip(file);
  } finally {
    closeSync(fd);
  }
}

/** Calls `use` with the archive's file open. */
export function withTorchFile<T>({ path }: Pick<TorchArchive, "path">, use: (file: OpenFile) => T): T {
  const file = openTorchFile({ path });
  try {
    return use(file);
  } finally {
    closeSync(file.fd);
  }
}

/** Opens a file of torch.save; the caller closes it. */
export const openTorchFile = ({ path }: Pick<TorchArchive, "path">): OpenFile => ({ path, ...openPlain(path) });
