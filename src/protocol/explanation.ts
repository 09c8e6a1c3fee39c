import * as z from "zod";

/**
 * A prediction with what each token's offset did for it: `effect` is how much less likely (nats, over the whole answer)
 * it is without that offset; undefined for methods without any.
 */
export const Explanation = z.object({
  input: z.string(),
  prediction: z.string(),
  probability: z.number(),
  cut: z.number(),
  tokens: z.array(z.object({ text: z.string(), norm: z.number().optional(), effect: z.number().optional() })),
});
export type Explanation = z.infer<typeof Explanation>;
