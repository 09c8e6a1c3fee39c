import { createHash } from "node:crypto";
import { join } from "node:path";
import type { WeightLocation } from "../../engine/program.ts";
import { groupsOf, readWeight, rowRange } from "../../engine/weightData.ts";
import { narrowed, narrowForm, type Narrow } from "./narrowForm.ts";
import type { TensorEntry } from "./safetensors.ts";
import { counted, finished, type ByteSteps, type CopySteps } from "./copySteps.ts";
import {
  bytesOfAll,
  cachedHeader,
  contentHash,
  hashBytes,
  verificationOf,
  weightCache,
  writeCached,
  type CachedTensor,
} from "./weightCache.ts";

/** A matrix, and where its values are stored before they are narrowed. */
export interface Matrix {
  name: string;
  source: WeightLocation;
  /** Whether its rows are looked up. */
  isTable: boolean;
}

const FORMAT = "adept narrow weights 2";
/** Values that are narrowed at a time. */
const CHUNK = 2 ** 22;

/**
 * Returns the location of each matrix in a narrower type, in a file of the cache; the file is made where it is missing
 * or damaged.
 * @param checked the file's hash has just been verified, and is not verified again
 * @throws UserError where a value does not fit, or the cache cannot be written
 */
export function* narrowFile(
  matrices: readonly Matrix[],
  precision: Narrow,
  checked: boolean,
): CopySteps<Map<string, WeightLocation>> {
  const folder = weightCache();
  const source = yield* contentHash(
    folder,
    {
      files: matrices.map((each) => each.source.file),
      described: matrices.map(({ name, source: { dims, type, offset } }) => `${name} ${dims.join()} ${type} ${offset}`),
      total: matrices.reduce(
        (sum, { source: place }) => sum + piecesOf(place).reduce((all, { bytes }) => all + bytes, 0),
        0,
      ),
    },
    function* (hash) {
      for (const { name, source: place } of matrices) {
        hash.update(`${name} ${place.dims.join()} ${place.type}\n`);
        for (const piece of piecesOf(place)) yield* hashBytes(hash, piece);
      }
    },
  );
  const path = join(folder, `${source}-${precision}.safetensors`);
  const tensors = matrices.flatMap((each) => tensorsOf(each, precision));
  const told = { path: matrices[0]!.source.file, total: bytesOfAll(tensors) };
  const found = yield* counted(openNarrow(path, matrices, { precision, source, checked }), {
    ...told,
    doing: "checking",
  });
  if (found !== undefined) return found;
  yield* counted(write(path, matrices, { precision, source }), { ...told, doing: "copying" });
  const made = finished(openNarrow(path, matrices, { precision, source, checked: true }));
  if (made === undefined) throw new Error(`${path} is not what was written`);
  return made;
}

/** Where a tensor's bytes lie, and the scales and offsets of levels. */
function piecesOf(place: WeightLocation): { file: string; offset: number; bytes: number }[] {
  const bytes = place.dims[0]! * groupsOf(place) * 4;
  const numbers = [place.scales, place.offsets].filter((offset) => offset !== undefined);
  return [place, ...numbers.map((offset) => ({ file: place.file, offset, bytes }))];
}

/** The tensors of a matrix in the file. */
function tensorsOf({ name, source: { dims }, isTable }: Matrix, precision: Narrow): CachedTensor[] {
  const { type, dtype, width, group, hasOffsets } = narrowForm({ dims, isTable }, precision);
  const [rows, columns] = dims as [number, number];
  const isHalf = type === "int4" || type === "uint4";
  const numbers = { dtype: "F32", width: 4, dims: group === undefined ? [rows] : [rows, columns / group] };
  const hasScales = isHalf || type === "int8";
  return [
    { name, dtype, width, dims: isHalf ? [rows, columns / 2] : dims },
    ...(hasScales ? [{ name: `${name}.scales`, ...numbers }] : []),
    ...(hasOffsets ? [{ name: `${name}.offsets`, ...numbers }] : []),
  ];
}

function write(
  path: string,
  matrices: readonly Matrix[],
  made: { precision: Narrow; source: string },
): ByteSteps<void> {
  // Wider values first, so that all are aligned.
  const tensors = matrices.flatMap((each) => tensorsOf(each, made.precision)).sort((a, b) => b.width - a.width);
  return writeCached(path, { tensors, metadata: { format: FORMAT, ...made } }, function* (put) {
    for (const matrix of matrices) yield* writeMatrix(matrix, made.precision, put);
  });
}

/** Narrows a matrix rows by rows: its values in fp32 would take as much memory as the whole of a large one. */
function* writeMatrix(
  { name, source, isTable }: Matrix,
  precision: Narrow,
  put: (name: string, view: ArrayBufferView) => void,
): Generator<void, void, undefined> {
  const [rows, columns] = source.dims as [number, number];
  const form = narrowForm({ dims: source.dims, isTable }, precision);
  const most = Math.max(1, Math.floor(CHUNK / columns));
  const numbers: { scales: Float32Array[]; offsets: Float32Array[] } = { scales: [], offsets: [] };
  for (let from = 0; from < rows; from += most) {
    const wide = readWeight(rowRange(source, from, Math.min(rows, from + most)));
    const { values, scales, offsets } = narrowed(wide, { name, file: source.file, columns, form, precision });
    put(name, values);
    if (scales !== undefined) numbers.scales.push(scales);
    if (offsets !== undefined) numbers.offsets.push(offsets);
    yield;
  }
  for (const part of ["scales", "offsets"] as const) for (const each of numbers[part]) put(`${name}.${part}`, each);
  yield;
}

/**
 * The locations of the matrices in a file of the cache; undefined where the file is missing, is of other matrices, or
 * has a changed byte.
 */
function* openNarrow(
  path: string,
  matrices: readonly Matrix[],
  { precision, source, checked }: { precision: Narrow; source: string; checked: boolean },
): ByteSteps<Map<string, WeightLocation> | undefined> {
  const header = cachedHeader(path);
  if (header === undefined) return undefined;
  const { entries, metadata } = header;
  if (metadata["format"] !== FORMAT || metadata["precision"] !== precision || metadata["source"] !== source)
    return undefined;
  const verification = verificationOf(path);
  const isChecked = checked || verification.isDone();
  const hash = createHash("sha256");
  const found = new Map<string, WeightLocation>();
  for (const matrix of matrices) {
    const own: TensorEntry[] = [];
    for (const { name, dtype, dims } of tensorsOf(matrix, precision)) {
      const entry = entries.get(name);
      if (entry?.dtype !== dtype || entry.dims.join() !== dims.join()) return undefined;
      if (!isChecked) yield* hashBytes(hash, entry);
      own.push(entry);
    }
    found.set(matrix.name, placeOf(matrix, precision, own));
  }
  if (!isChecked && hash.digest("hex") !== metadata["sha256"]) return undefined;
  verification.keep();
  return found;
}

/** @param entries of the values, and of the scales and offsets where there are any */
function placeOf(
  { source: { dims }, isTable }: Matrix,
  precision: Narrow,
  [values, scales, offsets]: readonly TensorEntry[],
): WeightLocation {
  const { type, group } = narrowForm({ dims, isTable }, precision);
  return {
    file: values!.file,
    offset: values!.offset,
    bytes: values!.bytes,
    dims,
    type,
    narrow: true,
    ...(group !== undefined && { group }),
    ...(scales !== undefined && { scales: scales.offset }),
    ...(offsets !== undefined && { offsets: offsets.offset }),
  };
}
