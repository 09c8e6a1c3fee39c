import * as z from "zod";

/** The types that a frozen backbone's matrices can be stored in: 4, 2, 2 and 1 bytes a value. */
export const PRECISIONS = ["fp32", "fp16", "bf16", "int8"] as const;
export type Precision = (typeof PRECISIONS)[number];

const Fields = z.strictObject({
  weights: z
    .enum(PRECISIONS)
    .default("fp32")
    .describe(
      'What the frozen backbone\'s matrices are held as; everything else, and every product, is fp32. "int8" has a scale for each row',
    ),
  compare: z
    .boolean()
    .default(true)
    .describe("Before training, measure on validation what narrower weights cost beside fp32"),
});
/** The precision in an experiment file; a type's name stands for weights of that type. */
export const PrecisionInput = z.preprocess((given) => (typeof given === "string" ? { weights: given } : given), Fields);
