import { createHash } from "node:crypto";
import { join } from "node:path";
import { quantiseRows, toBfloat16, toFloat16 } from "../../engine/narrowing.ts";
import type { WeightLocation } from "../../engine/program.ts";
import { readWeight } from "../../engine/weightData.ts";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import type { Precision } from "../../engine/precisionSpec.ts";
import { cachedHeader, contentHash, hashBytes, weightCache, writeCached, type CachedTensor } from "./weightCache.ts";

/** A matrix, and where its values are stored before they are narrowed. */
export interface Matrix {
  name: string;
  source: WeightLocation;
}
type Narrow = Exclude<Precision, "fp32">;

const FORMAT = "adept narrow weights 1";
const FORM = {
  fp16: { dtype: "F16", type: "float16", width: 2 },
  bf16: { dtype: "BF16", type: "bfloat16", width: 2 },
  int8: { dtype: "I8", type: "int8", width: 1 },
} as const;
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
  const folder = weightCache();
  const source = contentHash(
    folder,
    {
      files: matrices.map((each) => each.source.file),
      described: matrices.map(({ name, source: { dims, type, offset } }) => `${name} ${dims.join()} ${type} ${offset}`),
    },
    (hash) => {
      for (const { name, source: place } of matrices) {
        hash.update(`${name} ${place.dims.join()} ${place.type}\n`);
        hashBytes(hash, place);
      }
    },
  );
  const path = join(folder, `${source}-${precision}.safetensors`);
  const found = openNarrow(path, matrices, { precision, source, checked });
  if (found !== undefined) return found;
  write(path, matrices, { precision, source });
  const made = openNarrow(path, matrices, { precision, source, checked: true });
  if (made === undefined) throw new Error(`${path} is not what was written`);
  return made;
}

/** The tensors of the file: all scales first, so that they are aligned. */
function tensorsOf(matrices: readonly Matrix[], precision: Narrow): CachedTensor[] {
  const scales = precision === "int8" ? matrices : [];
  return [
    ...scales.map(({ name, source: { dims } }) => ({
      name: scalesOf(name),
      dtype: "F32",
      width: 4,
      dims: dims.slice(0, 1),
    })),
    ...matrices.map(({ name, source: { dims } }) => ({ name, ...FORM[precision], dims })),
  ];
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
  const tensors = tensorsOf(matrices, made.precision);
  writeCached(path, { tensors, metadata: { format: FORMAT, ...made } }, (put) => {
    for (const matrix of matrices) {
      const { values, scales } = narrowed(matrix, made.precision);
      if (scales !== undefined) put(scalesOf(matrix.name), scales);
      put(matrix.name, values);
    }
  });
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
  const header = cachedHeader(path);
  if (header === undefined) return undefined;
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
    if (!checked) for (const each of [scales, entry]) if (each !== undefined) hashBytes(hash, each);
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
