import { createHash, type Hash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { explainWrite, writeFileAtomic } from "../../base/files/atomicFile.ts";
import { cacheFolder } from "../../base/files/cacheFolder.ts";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { readBytes } from "../../engine/weightData.ts";
import { counted, type ByteSteps, type CopySteps } from "./copySteps.ts";
import { removeLeft, temporaryName } from "./leftFiles.ts";
import { readHeader, type SafetensorsHeader } from "./safetensors.ts";

/** Bytes that are read and hashed at a time. */
const CHUNK = 2 ** 24;
const UNKNOWN = "0".repeat(64);

/** What is said where the cache cannot be written. */
export const cacheUnwritable = (folder: string, error: unknown): UserError =>
  new UserError(
    "cache-not-writable",
    phrase`The cache ${folder} cannot be written: ${(error as Error).message}`,
    phrase`Name another folder in ADEPT_CACHE.`,
  );

/** As explainWrite, of a file of the cache: where it may not be written, the cache can be another. */
export function explainCacheWrite(error: unknown, path: string): unknown {
  const isForbidden = ["EACCES", "EPERM", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "");
  return isForbidden ? cacheUnwritable(dirname(path), error) : explainWrite(error, path);
}

/** The path of the folder of converted weights. */
export const weightCachePath = (): string => join(cacheFolder(), "weights");

/** The folder of converted weights, which is made. @throws UserError where it cannot be written */
export function weightCache(): string {
  const folder = weightCachePath();
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw cacheUnwritable(folder, error);
  }
  return folder;
}

/** What changes when a file is written anew. */
export function fileState(file: string): string {
  const { size, mtimeNs, ino } = statSync(file, { bigint: true });
  return [realpathSync(file), size, mtimeNs, ino].join();
}

/** Files of the cache that this process has verified, by their states; a model is opened several times. */
const verified = new Set<string>();

/** Whether this process has verified a file of the cache, as it is now; and that it has. */
export function verificationOf(path: string): { isDone: () => boolean; keep: () => void } {
  const state = fileState(path);
  return {
    isDone: () => verified.has(state),
    keep: () => {
      verified.add(state);
    },
  };
}

/** A hash of content, and the states of the files that had it. */
interface KnownHash {
  hash: string;
  /** As `fileState`; none where an older version wrote it. */
  states: readonly string[];
}

/** What a file of the cache says of a hash; undefined where it is missing or damaged. */
export function knownHash(path: string): KnownHash | undefined {
  if (!existsSync(path)) return undefined;
  const [hash = "", ...states] = readFileSync(path, "utf8").split("\n");
  return /^[0-9a-f]{64}$/.test(hash) ? { hash, states } : undefined;
}

/** Says that a hash was used: what is made of files that are gone is kept for some time after. */
function touch(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // A cache that may only be read is nobody's to clean.
  }
}

/**
 * A hash of the content of files. It is kept under the files' sizes and times, so that unchanged files are read only
 * once.
 * @param described what of the files is hashed, as JSON
 * @param content adds the content; `total` is its size in bytes
 */
export function* contentHash(
  folder: string,
  { files, described, total }: { files: readonly string[]; described: unknown; total: number },
  content: (into: Hash) => ByteSteps<void>,
): CopySteps<string> {
  const states = [...new Set(files)].map(fileState);
  const key = createHash("sha256")
    .update(JSON.stringify([states, described]))
    .digest("hex");
  const path = join(folder, `${key.slice(0, 32)}.hash`);
  const known = knownHash(path);
  if (known !== undefined && known.states.length > 0) {
    touch(path);
    return known.hash;
  }
  const made = createHash("sha256");
  yield* counted(content(made), { path: files[0]!, doing: "hashing", total });
  const found = made.digest("hex");
  try {
    writeFileAtomic(path, [found, ...states].join("\n"));
  } catch (error) {
    throw cacheUnwritable(folder, error);
  }
  return found;
}

/** Adds bytes of a file to a hash. */
export function* hashBytes(
  hash: Hash,
  { file, offset, bytes }: { file: string; offset: number; bytes: number },
): ByteSteps<void> {
  const fd = openSync(file, "r");
  try {
    for (let done = 0; done < bytes; done += CHUNK) {
      const count = Math.min(CHUNK, bytes - done);
      hash.update(readBytes(fd, offset + done, count));
      yield count;
    }
  } finally {
    closeSync(fd);
  }
}

/** A tensor of a file of the cache: its name, the file's name of its type, the bytes of a value, its shape. */
export interface CachedTensor {
  name: string;
  dtype: string;
  width: number;
  dims: readonly number[];
}

/** Offsets of tensors in the order given, from the end of the header, and the header for their hash. */
function fileLayout(
  tensors: readonly CachedTensor[],
  metadata: Readonly<Record<string, string>>,
): { places: Map<string, number>; header: (sha256: string) => Buffer } {
  const entries: [string, unknown][] = [];
  const places = new Map<string, number>();
  let at = 0;
  for (const { name, dtype, width, dims } of tensors) {
    const end = at + dims.reduce((a, b) => a * b, width);
    entries.push([name, { dtype, shape: dims, data_offsets: [at, end] }]);
    places.set(name, at);
    at = end;
  }
  const header = (sha256: string): Buffer => {
    const json = Buffer.from(
      JSON.stringify(Object.fromEntries([["__metadata__", { ...metadata, sha256 }], ...entries])),
    );
    const padded = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, " ");
    padded.writeBigUInt64LE(BigInt(padded.length - 8));
    json.copy(padded, 8);
    return padded;
  };
  return { places, header };
}

/** Bytes of tensors in a file. */
export const bytesOfAll = (tensors: readonly CachedTensor[]): number =>
  tensors.reduce((sum, { width, dims }) => sum + dims.reduce((a, b) => a * b, width), 0);

/**
 * Writes a safetensors file of the cache, whole or not at all.
 * @param tensors in the order of the file
 * @param fill gives each tensor's bytes to `put`, consecutive pieces one behind the other, and yields between pieces;
 * the hash that the header keeps is over them in the order of the calls
 * @throws UserError where it cannot be written
 */
export function* writeCached(
  path: string,
  { tensors, metadata }: { tensors: readonly CachedTensor[]; metadata: Readonly<Record<string, string>> },
  fill: (put: (name: string, view: ArrayBufferView) => void) => Generator<void, void, undefined>,
): ByteSteps<void> {
  const { places, header } = fileLayout(tensors, metadata);
  const start = header(UNKNOWN).length;
  const temporary = temporaryName(path);
  const hash = createHash("sha256");
  const write = (fd: number, bytes: Buffer, at: number): void => {
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, at + done);
  };
  try {
    removeLeft(dirname(path));
    const fd = openSync(temporary, "wx");
    try {
      let put = 0;
      const pieces = fill((name, view) => {
        const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
        write(fd, bytes, start + places.get(name)!);
        places.set(name, places.get(name)! + bytes.length);
        hash.update(bytes);
        put += bytes.length;
      });
      while (pieces.next().done !== true) {
        yield put;
        put = 0;
      }
      write(fd, header(hash.digest("hex")), 0);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    throw error instanceof UserError ? error : explainCacheWrite(error, path);
  } finally {
    // Also where a stop ends it in between.
    rmSync(temporary, { force: true });
  }
}

/** The header of a file of the cache; undefined where there is none that can be read. */
export function cachedHeader(path: string): SafetensorsHeader | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return readHeader(path);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
