import * as z from "zod";

/** A prediction, and what each token's offset contributes to it. */
export const Explanation = z.object({
  input: z.string(),
  prediction: z.string(),
  probability: z.number(),
  cut: z.number(),
  tokens: z.array(
    z.object({
      text: z.string(),
      /** L2 of its offset; undefined for methods without offsets. */
      norm: z.number().optional(),
      /** By how much the log-likelihood of the whole answer falls without this offset, in nats. */
      effect: z.number().optional(),
    }),
  ),
});
export type Explanation = z.infer<typeof Explanation>;
