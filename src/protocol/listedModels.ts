import * as z from "zod";

const name = z.string().max(300);

/** Models to choose a backbone from: those that are known to work, or those that a search of the Hub found. */
export const ListedModels = z.object({
  models: z.array(
    z.object({
      /** OWNER/NAME on the Hub. */
      name,
      modelType: z.string(),
      parameters: z.number().optional(),
      /** Bytes to download. */
      bytes: z.number().optional(),
      /** Bytes of memory that training takes, about. */
      memory: z.number().optional(),
      /** Whether so much memory is free. */
      fits: z.boolean(),
      licence: z.string().optional(),
      /** Whether terms have to be accepted on the Hub first. */
      gated: z.boolean().optional(),
    }),
  ),
  /** The smallest known model that learns labels of a few words, or longer answers, and fits the memory. */
  recommended: z.object({ labels: name.optional(), answers: name.optional() }),
});
export type ListedModels = z.infer<typeof ListedModels>;
