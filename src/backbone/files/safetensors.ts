import { closeSync, fsyncSync, renameSync, writeSync } from "node:fs";
import * as z from "zod";
import { readBytes, readWeight } from "../../engine/weightData.ts";
import { openPlain } from "../../base/files/boundedFile.ts";
import { UserError } from "../../base/errors.ts";
import { openTemporary } from "../../base/files/atomicFile.ts";
import { phrase } from "../../base/phrase.ts";

const TYPES = {
  F32: { type: "float32", bytes: 4 },
  F16: { type: "float16", bytes: 2 },
  BF16: { type: "bfloat16", bytes: 2 },
} as const;
/**
 * The largest header that is read, in bytes: that of a model with 24 layers takes 100 KB, and parsed JSON takes many
 * times its size in memory.
 */
const MAX_HEADER = 16 * 1024 * 1024;
const count = z.number().int().nonnegative();
const Entry = z.object({ dtype: z.string(), shape: z.array(count).max(8), data_offsets: z.tuple([count, count]) });
const Header = z.record(z.string(), z.unknown());

/**
 * Where a tensor is stored: its file, its first byte there, its length in bytes, its shape and its type as the file
 * names it ("F32").
 */
export interface TensorEntry {
  file: string;
  offset: number;
  bytes: number;
  dims: number[];
  dtype: string;
}
/** The header of a safetensors file: its tensors by name, and its `__metadata__`. */
export interface SafetensorsHeader {
  entries: Map<string, TensorEntry>;
  metadata: Record<string, string>;
}

const BYTES: Record<string, number> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

function checkEntry(path: string, name: string, raw: unknown, dataSize: number): z.infer<typeof Entry> {
  const parsed = Entry.safeParse(raw);
  if (!parsed.success)
    throw new UserError(
      "safetensors-entry-malformed",
      phrase`${path}: the header entry of tensor "${name}" is malformed`,
    );
  const {
    dtype,
    shape,
    data_offsets: [start, end],
  } = parsed.data;
  const size = Object.hasOwn(BYTES, dtype) ? BYTES[dtype] : undefined;
  if (size === undefined)
    throw new UserError(
      "safetensors-type-unknown",
      phrase`${path}: tensor "${name}" has the unsupported type ${dtype.slice(0, 40)}`,
    );
  const wanted = shape.reduce((a, b) => a * b, size);
  if (end < start || end - start !== wanted)
    throw new UserError(
      "safetensors-size-contradicts-shape",
      phrase`${path}: tensor "${name}" of shape (${shape.join(", ")}) needs ${wanted} bytes, its offsets give ${end - start}`,
    );
  if (end > dataSize)
    throw new UserError(
      "safetensors-truncated",
      phrase`${path}: the file is truncated: tensor "${name}" ends at byte ${end} of the data, the file holds ${dataSize}`,
      phrase`Download or copy the file again.`,
    );
  return parsed.data;
}

/** Refuses tensors that overlap: a small file could otherwise claim much memory. */
function checkApart(path: string, entries: ReadonlyMap<string, TensorEntry>): void {
  let end = 0;
  let before = "";
  for (const [name, { offset, bytes }] of [...entries].sort(([, a], [, b]) => a.offset - b.offset)) {
    if (offset < end && bytes > 0)
      throw new UserError(
        "safetensors-overlap",
        phrase`${path}: the tensors "${before}" and "${name}" overlap`,
        phrase`Save the model again, each tensor by itself.`,
      );
    if (bytes > 0) [end, before] = [offset + bytes, name];
  }
}

/**
 * Reads the header of a safetensors file: where each tensor lies.
 * @throws UserError naming file and tensor when it is damaged
 */
export function readHeader(path: string): SafetensorsHeader {
  const { fd, size } = openPlain(path);
  try {
    if (size < 8)
      throw new UserError("safetensors-too-short", phrase`${path} is not a safetensors file: it has ${size} bytes`);
    const headerSize = Number(readBytes(fd, 0, 8).readBigUInt64LE());
    if (headerSize > MAX_HEADER || headerSize + 8 > size)
      throw new UserError(
        "safetensors-header-too-long",
        phrase`${path} is truncated or not a safetensors file: its header would have ${headerSize} bytes`,
      );
    let json: unknown;
    try {
      json = JSON.parse(readBytes(fd, 8, headerSize).toString("utf8"));
    } catch {
      throw new UserError("safetensors-header-not-json", phrase`${path}: the safetensors header is not JSON`);
    }
    const header = Header.safeParse(json);
    if (!header.success)
      throw new UserError("safetensors-header-not-object", phrase`${path}: the safetensors header is not an object`);
    const entries = new Map<string, TensorEntry>();
    for (const [name, raw] of Object.entries(header.data)) {
      if (name === "__metadata__") continue;
      const {
        dtype,
        shape,
        data_offsets: [start, end],
      } = checkEntry(path, name, raw, size - 8 - headerSize);
      entries.set(name, { file: path, offset: 8 + headerSize + start, bytes: end - start, dims: shape, dtype });
    }
    checkApart(path, entries);
    const metadata = z.record(z.string(), z.string()).safeParse(header.data["__metadata__"]);
    return { entries, metadata: metadata.success ? metadata.data : {} };
  } finally {
    closeSync(fd);
  }
}

/** The float type of an entry. @throws UserError for integers */
export function floatType(
  name: string,
  entry: Pick<TensorEntry, "file" | "dtype">,
): "float32" | "float16" | "bfloat16" {
  const known = TYPES[entry.dtype as keyof typeof TYPES] as (typeof TYPES)[keyof typeof TYPES] | undefined;
  if (known === undefined)
    throw new UserError(
      "tensor-type-not-floating",
      phrase`${entry.file}: tensor "${name}" is ${entry.dtype}; F32, F16 or BF16 is needed`,
    );
  return known.type;
}

/** Reads one tensor's values, widened to fp32. */
export function readTensor(name: string, entry: TensorEntry): Float32Array {
  return readWeight({ ...entry, type: floatType(name, entry) });
}

/** Tensors by name, as fp32, row-major. */
export type Tensors = Map<string, { dims: number[]; data: Float32Array }>;

/** Reads every tensor of a file as fp32. */
export function readSafetensors(path: string): Tensors {
  const { entries } = readHeader(path);
  return new Map([...entries].map(([name, entry]) => [name, { dims: entry.dims, data: readTensor(name, entry) }]));
}

/** Writes fp32 tensors atomically: a temporary file, fsync, rename. Equal tensors give equal bytes. */
export function writeSafetensors(path: string, tensors: Tensors, metadata?: Record<string, string>): void {
  const header: [string, unknown][] = metadata === undefined ? [] : [["__metadata__", metadata]];
  let offset = 0;
  for (const [name, { dims, data }] of tensors) {
    header.push([name, { dtype: "F32", shape: dims, data_offsets: [offset, offset + data.byteLength] }]);
    offset += data.byteLength;
  }
  // Not assigned one by one: a tensor may be called "__proto__".
  let json = JSON.stringify(Object.fromEntries(header));
  json = json.padEnd(Math.ceil(Buffer.byteLength(json) / 8) * 8 - Buffer.byteLength(json) + json.length);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(json)));
  const parts = [
    length,
    Buffer.from(json),
    ...[...tensors.values()].map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  ];
  const temporary = `${path}.${process.pid}.tmp`;
  const fd = openTemporary(temporary);
  try {
    for (const part of parts) for (let done = 0; done < part.length;) done += writeSync(fd, part, done);
    fsyncSync(fd);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC")
      throw new UserError(
        "disk-full",
        phrase`The disk is full: ${path} could not be written`,
        phrase`Free some space and resume the run.`,
      );
    throw error;
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}
