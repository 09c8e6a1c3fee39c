import { createHash } from "node:crypto";
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
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../base/files/cacheFolder.ts";
import { quantiseRows, toBfloat16, toFloat16 } from "../../engine/narrowing.ts";
import type { WeightLocation } from "../../engine/program.ts";
import { readBytes, readWeight } from "../../engine/weightData.ts";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { Precision } from "../../engine/precisionSpec.ts";
import { explainWrite, writeFileAtomic } from "../../base/files/atomicFile.ts";
import { readHeader } from "./safetensors.ts";

/** A matrix, and where its values are stored before they are narrowed. */
export interface Matrix {
  name: string;
  source: WeightLocation;
}
type Narrow = Exclude<Precision, "fp32">;

const FORMAT = "adept narrow weights 1";
const FORM = {
  fp16: { dtype: "F16", type: "float16", bytes: 2 },
  bf16: { dtype: "BF16", type: "bfloat16", bytes: 2 },
  int8: { dtype: "I8", type: "int8", bytes: 1 },
} as const;
/** Bytes that are read and hashed at a time. */
const CHUNK = 2 ** 24;
const UNKNOWN = "0".repeat(64);
const scalesOf = (name: string): string => `${name}.scales`;

/**
 * Returns the location of each matrix in a narrower type, in a file of the cache; the file is made where it is missing
 * or damaged.
 * @param checked the file's hash has just been verified, and is not verified again
 * @throws UserError where a value does not fit, or the cache cannot be written
 */
export function narrowFile(
  matrices: readonly Matrix[],
  precision: Narrow,
  checked: boolean,
): Map<string, WeightLocation> {
  const folder = join(cacheFolder(), "weights");
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw unwritable(folder, error);
  }
  const source = contentHash(folder, matrices);
  const path = join(folder, `${source}-${precision}.safetensors`);
  const found = openNarrow(path, matrices, { precision, source, checked });
  if (found !== undefined) return found;
  write(path, matrices, { precision, source });
  const made = openNarrow(path, matrices, { precision, source, checked: true });
  if (made === undefined) throw new Error(`${path} is not what was written`);
  return made;
}

const unwritable = (folder: string, error: unknown): UserError =>
  new UserError(
    "cache-not-writable",
    phrase`The cache ${folder} cannot be written: ${(error as Error).message}`,
    phrase`Name another folder in ADEPT_CACHE.`,
  );

/**
 * A hash of the matrices' bytes. It is cached under the files' sizes and times, so that unchanged files are read only
 * once.
 */
function contentHash(folder: string, matrices: readonly Matrix[]): string {
  const files = [...new Set(matrices.map(({ source }) => source.file))].map((file) => {
    const { size, mtimeNs, ino } = statSync(file, { bigint: true });
    return [realpathSync(file), size, mtimeNs, ino].join();
  });
  const described = matrices.map(
    ({ name, source: { dims, type, offset } }) => `${name} ${dims.join()} ${type} ${offset}`,
  );
  const known = join(
    folder,
    `${createHash("sha256")
      .update(JSON.stringify([files, described]))
      .digest("hex")
      .slice(0, 32)}.hash`,
  );
  if (existsSync(known)) {
    const kept = readFileSync(known, "utf8");
    if (/^[0-9a-f]{64}$/.test(kept)) return kept;
  }
  const hash = createHash("sha256");
  for (const { name, source } of matrices) {
    hash.update(`${name} ${source.dims.join()} ${source.type}\n`);
    hashBytes(hash, source.file, source.offset, source.bytes);
  }
  const found = hash.digest("hex");
  try {
    writeFileAtomic(known, found);
  } catch (error) {
    throw unwritable(folder, error);
  }
  return found;
}

function hashBytes(hash: ReturnType<typeof createHash>, file: string, offset: number, bytes: number): void {
  const fd = openSync(file, "r");
  try {
    for (let done = 0; done < bytes; done += CHUNK)
      hash.update(readBytes(fd, offset + done, Math.min(CHUNK, bytes - done)));
  } finally {
    closeSync(fd);
  }
}

/** Offsets of the tensors in the file, and its header: all scales first, so that they are aligned. */
function fileLayout(
  matrices: readonly Matrix[],
  { precision, source }: { precision: Narrow; source: string },
): { places: Map<string, number>; header: (sha256: string) => Buffer } {
  const entries: Record<string, unknown> = {};
  const places = new Map<string, number>();
  let at = 0;
  const add = (name: string, form: { dtype: string; bytes: number }, shape: number[]): void => {
    const end = at + shape.reduce((a, b) => a * b, form.bytes);
    entries[name] = { dtype: form.dtype, shape, data_offsets: [at, end] };
    places.set(name, at);
    at = end;
  };
  if (precision === "int8")
    for (const {
      name,
      source: { dims },
    } of matrices)
      add(scalesOf(name), { dtype: "F32", bytes: 4 }, dims.slice(0, 1));
  for (const {
    name,
    source: { dims },
  } of matrices)
    add(name, FORM[precision], dims);
  const header = (sha256: string): Buffer => {
    const json = Buffer.from(
      JSON.stringify({ __metadata__: { format: FORMAT, precision, source, sha256 }, ...entries }),
    );
    const padded = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, " ");
    padded.writeBigUInt64LE(BigInt(padded.length - 8));
    json.copy(padded, 8);
    return padded;
  };
  return { places, header };
}

/**
 * The values of a matrix in the narrow type, and for int8 the scale of each row.
 * @throws UserError for values that the type cannot represent
 */
function narrowed({ name, source }: Matrix, precision: Narrow): { values: ArrayBufferView; scales?: Float32Array } {
  const wide = readWeight(source);
  for (let i = 0; i < wide.length; i++)
    if (!Number.isFinite(wide[i]))
      throw new UserError(
        "tensor-not-finite",
        phrase`${source.file}: tensor "${name}" has values that are not finite, which "${precision}" cannot represent`,
        phrase`Use precision "fp32", or another backbone.`,
      );
  if (precision === "int8") {
    const { levels, scales } = quantiseRows(wide, source.dims[1]!);
    return { values: levels, scales };
  }
  const values = precision === "bf16" ? toBfloat16(wide) : toFloat16(wide);
  const infinite = precision === "bf16" ? 0x7f80 : 0x7c00;
  for (let i = 0; i < values.length; i++)
    if ((values[i]! & 0x7fff) === infinite)
      throw new UserError(
        "tensor-too-large-for-precision",
        phrase`${source.file}: tensor "${name}" has values that are too large for "${precision}"`,
        phrase`Use precision "bf16", "int8" or "fp32".`,
      );
  return { values };
}

function write(path: string, matrices: readonly Matrix[], made: { precision: Narrow; source: string }): void {
  const { places, header } = fileLayout(matrices, made);
  const start = header(UNKNOWN).length;
  const temporary = `${path}.${process.pid}.tmp`;
  const hash = createHash("sha256");
  const put = (fd: number, view: ArrayBufferView, at: number): void => {
    const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, at + done);
  };
  try {
    const fd = openSync(temporary, "w");
    try {
      for (const matrix of matrices) {
        const { values, scales } = narrowed(matrix, made.precision);
        for (const [name, part] of [
          [scalesOf(matrix.name), scales],
          [matrix.name, values],
        ] as const)
          if (part !== undefined) {
            put(fd, part, start + places.get(name)!);
            hash.update(Buffer.from(part.buffer, part.byteOffset, part.byteLength));
          }
      }
      put(fd, header(hash.digest("hex")), 0);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error instanceof UserError ? error : explainWrite(error, path);
  }
}

/**
 * The locations of the matrices in a file of the cache; undefined where the file is missing, is of other matrices, or
 * has a changed byte.
 */
function openNarrow(
  path: string,
  matrices: readonly Matrix[],
  { precision, source, checked }: { precision: Narrow; source: string; checked: boolean },
): Map<string, WeightLocation> | undefined {
  if (!existsSync(path)) return undefined;
  let header: ReturnType<typeof readHeader>;
  try {
    header = readHeader(path);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
  const { entries, metadata } = header;
  const { type, dtype } = FORM[precision];
  const hash = createHash("sha256");
  const found = new Map<string, WeightLocation>();
  if (metadata["format"] !== FORMAT || metadata["precision"] !== precision || metadata["source"] !== source)
    return undefined;
  for (const {
    name,
    source: { dims },
  } of matrices) {
    const entry = entries.get(name);
    const scales = entries.get(scalesOf(name));
    if (
      entry?.dtype !== dtype ||
      entry.dims.join() !== dims.join() ||
      (precision === "int8" && scales?.dims.join() !== String(dims[0]))
    )
      return undefined;
    if (!checked)
      for (const each of [scales, entry]) if (each !== undefined) hashBytes(hash, path, each.offset, each.bytes);
    found.set(name, {
      file: path,
      offset: entry.offset,
      bytes: entry.bytes,
      dims,
      type,
      narrow: true,
      ...(scales && { scales: scales.offset }),
    });
  }
  return checked || hash.digest("hex") === metadata["sha256"] ? found : undefined;
}
