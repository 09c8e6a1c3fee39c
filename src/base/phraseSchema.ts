import * as z from "zod";
import { readPhrase, type Phrase } from "./phrase.ts";

/** A phrase from another process. */
export const PhraseData = z.unknown().transform((json, context): Phrase => {
  const phrase = readPhrase(json);
  if (phrase !== undefined) return phrase;
  context.addIssue("no phrase");
  return z.NEVER;
});

/**
 * A phrase that a file stores beside its English text; one that cannot be read becomes undefined, and the English is
 * shown.
 */
export const StoredPhrase = z.unknown().transform(readPhrase).optional();

/** A UserError from another process. */
export const ErrorSchema = z.object({
  code: z.string().max(60),
  message: PhraseData,
  action: PhraseData.optional(),
});

/** What went wrong in another process: a UserError, or a bug. */
export const SentError = z.union([ErrorSchema, z.object({ message: z.string(), stack: z.string().optional() })]);
