import * as z from "zod";

/**
 * The types that a frozen backbone's matrices can be stored in: 4, 2, 2 and 1 bytes a value, and half a byte with a
 * scale, or with a scale and an offset ("int4-asym"), for each group of values.
 */
export const PRECISIONS = ["fp32", "fp16", "bf16", "int8", "int4", "int4-asym"] as const;
/** The name of a type that matrices are stored in. */
export type Precision = (typeof PRECISIONS)[number];

const Fields = z.strictObject({
  weights: z
    .enum(PRECISIONS)
    .default("fp32")
    .describe(
      'Type that the frozen backbone\'s matrices are stored in; all other tensors and all products are fp32. "int8" has a scale for each row, "int4" for each 32 values of a row, "int4-asym" also an offset; their embedding table is int8',
    ),
  compare: z
    .boolean()
    .default(true)
    .describe("Before training, compare narrower weights with fp32 on the validation split"),
});
/** The precision in an experiment file; a type's name stands for weights of that type. */
export const PrecisionInput = z.preprocess((given) => (typeof given === "string" ? { weights: given } : given), Fields);
