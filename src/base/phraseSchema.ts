import * as z from "zod";
import { readPhrase, type Phrase } from "./phrase.ts";

/** A phrase from another process. */
export const PhraseData = z.unknown().transform((json, context): Phrase => {
  const phrase = readPhrase(json);
  if (phrase !== undefined) return phrase;
  context.addIssue("no phrase");
  return z.NEVER;
});

/** A phrase that stands in a file beside its English: one that cannot be read is left out, and the English is shown. */
export const StoredPhrase = z.unknown().transform(readPhrase).optional();

/** An error of the user's from another process. */
export const ErrorSchema = z.object({
  code: z.string().max(60),
  message: PhraseData,
  action: PhraseData.optional(),
});

/** What went wrong in another process: an error of the user's, or a bug. */
export const SentError = z.union([ErrorSchema, z.object({ message: z.string(), stack: z.string().optional() })]);
