import { createHash } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import type { WeightLocation } from "../../engine/program.ts";
import { readBytes } from "../../engine/weightData.ts";
import { counted, finished, type ByteSteps, type CopySteps } from "../files/copySteps.ts";
import {
  bytesOfAll,
  cachedHeader,
  contentHash,
  hashBytes,
  verificationOf,
  weightCache,
  writeCached,
  type CachedTensor,
} from "../files/weightCache.ts";
import type { SafetensorsHeader, TensorEntry } from "../files/safetensors.ts";
import { dequantised, unpacked } from "./ggufBlocks.ts";
import type { ChangedTensor } from "./ggufTensors.ts";
import { BLOCKS, type GgufBlockType } from "./ggufTypes.ts";
import { levelBytes, type StoredForm } from "./storedLevels.ts";
import { changedDims, changedValues, rowOrder } from "./tensorChange.ts";

/** A tensor of the Hugging Face folder that engines cannot read where it lies in the GGUF file. */
export interface Conversion extends ChangedTensor {
  name: string;
  form: Exclude<StoredForm, { kind: "direct" }>;
}
/** Where a converted tensor is. */
export type ConvertedPlace = Omit<WeightLocation, "dims">;

const FORMAT = "adept gguf weights 1";
/** Bytes of rows that are converted at a time. */
const CHUNK = 2 ** 22;
const FLOATS = { F32: "float32", F16: "float16", BF16: "bfloat16" } as const;

/** The parts of a conversion in the order in which they are written. */
const WRITTEN = ["values", "scales", "offsets"] as const;
/** A tensor of the file of the cache, and what of the conversion it holds. */
interface Part extends CachedTensor {
  holds: (typeof WRITTEN)[number];
}

function partsOf({ name, tensor, change, form }: Conversion): Part[] {
  const dims = changedDims(change, tensor.dims);
  if (form.kind === "values") return [{ holds: "values", name, dtype: "F32", width: 4, dims }];
  if (form.kind === "rows")
    return [{ holds: "values", name, dtype: tensor.type, width: BLOCKS[tensor.type].bytes, dims }];
  const [rows, width] = dims as [number, number];
  const groups = { dtype: "F32", width: 4, dims: [rows, width / form.group] };
  const isHalf = form.type !== "int8";
  return [
    { holds: "scales", name: `${name}.scales`, ...groups },
    ...(form.hasOffsets ? [{ holds: "offsets" as const, name: `${name}.offsets`, ...groups }] : []),
    { holds: "values", name, dtype: isHalf ? "U8" : "I8", width: 1, dims: [rows, isHalf ? width / 2 : width] },
  ];
}

/**
 * The location of each tensor in a file of the cache; the file is made where it is missing or damaged.
 * @param checked another copy of the model has just verified the file
 * @throws UserError where the cache cannot be written
 */
export function* convertedFile(
  conversions: readonly Conversion[],
  checked: boolean,
): CopySteps<Map<string, ConvertedPlace>> {
  const folder = weightCache();
  const described = conversions.map(({ name, tensor: { type, dims, offset }, change, form }) => [
    name,
    type,
    dims,
    offset,
    change,
    form,
  ]);
  const files = conversions.map(({ tensor }) => tensor.file);
  const total = conversions.reduce((sum, { tensor }) => sum + tensor.bytes, 0);
  const source = yield* contentHash(folder, { files, described, total }, function* (hash) {
    hash.update(
      JSON.stringify(described.map(([name, type, dims, , change, form]) => [name, type, dims, change, form])),
    );
    for (const { tensor } of conversions) yield* hashBytes(hash, tensor);
  });
  const path = join(folder, `${source}-gguf.safetensors`);
  // Wider values first, so that all are aligned.
  const parts = conversions.flatMap(partsOf).sort((a, b) => b.width - a.width);
  const known = bytesOfAll(parts);
  const found = yield* counted(opened(path, conversions, { source, checked }), {
    path: files[0]!,
    doing: "checking",
    total: known,
  });
  if (found !== undefined) return found;
  const written = writeCached(path, { tensors: parts, metadata: { format: FORMAT, source } }, function* (put) {
    for (const conversion of conversions) yield* convert(conversion, put);
  });
  yield* counted(written, { path: files[0]!, doing: "copying", total: known });
  const made = finished(opened(path, conversions, { source, checked: true }));
  if (made === undefined) throw new Error(`${path} is not what was written`);
  return made;
}

type Put = (name: string, view: ArrayBufferView) => void;

/** Gives runs of rows in the order of the Hugging Face tensor, as they are stored. */
function* rowRuns({ tensor: { file, offset, bytes, dims }, change }: Conversion): Generator<Buffer, void, undefined> {
  const rows = dims[0]!;
  const rowBytes = bytes / rows;
  const order = rowOrder(change, rows);
  const most = Math.max(1, Math.floor(CHUNK / rowBytes));
  const fd = openSync(file, "r");
  try {
    for (let from = 0; from < rows; from += most) {
      const count = Math.min(most, rows - from);
      yield order === undefined
        ? readBytes(fd, offset + from * rowBytes, count * rowBytes)
        : Buffer.concat(
            Array.from(order.subarray(from, from + count), (row) => readBytes(fd, offset + row * rowBytes, rowBytes)),
          );
    }
  } finally {
    closeSync(fd);
  }
}

/** Writes what a conversion makes, in the order in which the file is verified: values, scales, offsets. */
function* convert(conversion: Conversion, put: Put): Generator<void, void, undefined> {
  const { name, tensor, change, form } = conversion;
  if (form.kind === "values") {
    const raw = { ...conversion, change: { kind: "as-is" } } as const;
    const stored = [...rowRuns(raw)];
    const count = tensor.dims.reduce((a, b) => a * b, 1);
    put(name, changedValues(change, dequantised(tensor.type, Buffer.concat(stored), count), tensor.dims));
    yield;
    return;
  }
  if (form.kind === "rows") {
    for (const rows of rowRuns(conversion)) {
      put(name, rows);
      yield;
    }
    return;
  }
  const numbers: { scales: Float32Array[]; offsets: Float32Array[] } = { scales: [], offsets: [] };
  for (const rows of rowRuns(conversion)) {
    const { levels, scales, offsets } = unpacked(tensor.type as GgufBlockType, rows);
    put(name, levelBytes(form, levels));
    numbers.scales.push(scales);
    if (offsets !== undefined) numbers.offsets.push(offsets);
    yield;
  }
  for (const holds of ["scales", "offsets"] as const) for (const each of numbers[holds]) put(`${name}.${holds}`, each);
  yield;
}

/** Where the parts of a conversion lie. */
type Entries = Partial<Record<Part["holds"], TensorEntry>>;

/** The entries of a conversion's parts; undefined where one is missing or of another form. */
function entriesOf(conversion: Conversion, header: SafetensorsHeader): Entries | undefined {
  const found: Entries = {};
  for (const { name, holds, dtype, dims } of partsOf(conversion)) {
    const entry = header.entries.get(name);
    if (entry?.dtype !== dtype || entry.dims.join() !== dims.join()) return undefined;
    found[holds] = entry;
  }
  return found;
}

/** Undefined where the file is missing, is of other tensors, or has a changed byte. */
function* opened(
  path: string,
  conversions: readonly Conversion[],
  { source, checked }: { source: string; checked: boolean },
): ByteSteps<Map<string, ConvertedPlace> | undefined> {
  const header = cachedHeader(path);
  if (header?.metadata["format"] !== FORMAT || header.metadata["source"] !== source) return undefined;
  const verification = verificationOf(path);
  const isChecked = checked || verification.isDone();
  const hash = createHash("sha256");
  const places = new Map<string, ConvertedPlace>();
  for (const conversion of conversions) {
    const entries = entriesOf(conversion, header);
    if (entries === undefined) return undefined;
    if (!isChecked)
      for (const holds of WRITTEN) if (entries[holds] !== undefined) yield* hashBytes(hash, entries[holds]);
    places.set(conversion.name, placeOf(conversion, entries));
  }
  if (!isChecked && hash.digest("hex") !== header.metadata["sha256"]) return undefined;
  verification.keep();
  return places;
}

function placeOf({ form }: Conversion, { values, scales, offsets }: Entries): ConvertedPlace {
  const { file, offset, bytes, dtype } = values!;
  if (form.kind !== "levels") return { file, offset, bytes, type: FLOATS[dtype as keyof typeof FLOATS] };
  return {
    file,
    offset,
    bytes,
    type: form.type,
    group: form.group,
    narrow: true,
    scales: scales!.offset,
    ...(offsets !== undefined && { offsets: offsets.offset }),
  };
}
