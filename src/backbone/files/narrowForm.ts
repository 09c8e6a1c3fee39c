import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import {
  packHalves,
  quantiseBetween,
  quantiseHalves,
  quantiseRows,
  toBfloat16,
  toFloat16,
} from "../../engine/narrowing.ts";
import type { Precision } from "../../engine/precisionSpec.ts";
import type { WeightType } from "../../engine/program.ts";

/** The precisions that take fewer bytes than fp32. */
export type Narrow = Exclude<Precision, "fp32">;

/** Values of a row that have a scale of their own in four bits. */
const GROUP = 32;

/** How a matrix is stored in a precision. */
export interface NarrowForm {
  type: WeightType;
  /** The type as the file names it, and the bytes of one of its elements; of four bits an element has two. */
  dtype: "F16" | "BF16" | "I8" | "U8";
  width: number;
  /** See WeightLocation. */
  group?: number;
  hasOffsets?: boolean;
}

const BY_ROW: NarrowForm = { type: "int8", dtype: "I8", width: 1 };
const FORMS: Readonly<Record<Narrow, NarrowForm>> = {
  fp16: { type: "float16", dtype: "F16", width: 2 },
  bf16: { type: "bfloat16", dtype: "BF16", width: 2 },
  int8: BY_ROW,
  int4: { type: "int4", dtype: "U8", width: 1, group: GROUP },
  "int4-asym": { type: "uint4", dtype: "U8", width: 1, group: GROUP, hasOffsets: true },
};

/**
 * The form of a matrix in a precision. In four bits, a table whose rows are looked up and a matrix whose rows are no
 * whole groups are int8 by row.
 */
export function narrowForm(
  { dims, isTable }: { dims: readonly number[]; isTable: boolean },
  precision: Narrow,
): NarrowForm {
  const form = FORMS[precision];
  const isWhole = form.group === undefined || (!isTable && dims[1]! % form.group === 0);
  return isWhole ? form : BY_ROW;
}

/** What rows become. */
interface NarrowedRows {
  values: ArrayBufferView;
  scales?: Float32Array;
  offsets?: Float32Array;
}

/**
 * Rows of a matrix in a narrow form.
 * @throws UserError for values that the form cannot represent
 */
export function narrowed(
  wide: Float32Array,
  {
    name,
    file,
    columns,
    form,
    precision,
  }: { name: string; file: string; columns: number; form: NarrowForm; precision: Narrow },
): NarrowedRows {
  for (let i = 0; i < wide.length; i++)
    if (!Number.isFinite(wide[i]))
      throw new UserError(
        "tensor-not-finite",
        phrase`${file}: tensor "${name}" has values that are not finite, which "${precision}" cannot represent`,
        phrase`Use precision "fp32", or another backbone.`,
      );
  if (form.type === "int8") {
    const { levels, scales } = quantiseRows(wide, columns);
    return { values: levels, scales };
  }
  if (form.type === "int4") {
    const { levels, scales } = quantiseHalves(wide, form.group!);
    return { values: packHalves(levels), scales };
  }
  if (form.type === "uint4") {
    const { levels, ...numbers } = quantiseBetween(wide, form.group!);
    return { values: packHalves(levels), ...numbers };
  }
  return { values: halves(wide, { name, file, precision }) };
}

/** @throws UserError for values that the type cannot represent */
function halves(
  wide: Float32Array,
  { name, file, precision }: { name: string; file: string; precision: Narrow },
): Uint16Array {
  const values = precision === "bf16" ? toBfloat16(wide) : toFloat16(wide);
  const infinite = precision === "bf16" ? 0x7f80 : 0x7c00;
  for (let i = 0; i < values.length; i++)
    if ((values[i]! & 0x7fff) === infinite)
      throw new UserError(
        "tensor-too-large-for-precision",
        phrase`${file}: tensor "${name}" has values that are too large for "${precision}"`,
        phrase`Use precision "bf16", "int8" or "fp32".`,
      );
  return values;
}
