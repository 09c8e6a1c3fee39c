import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";

/** A file that ends before what it should hold. @param what the first thing that it does not hold */
export const truncated = (path: string, what: Phrase): UserError =>
  new UserError(
    "gguf-truncated",
    phrase`${path} is truncated: the file ends before the end of ${what}`,
    phrase`Download or copy the file again.`,
  );

/** A file that breaks the rules of the format. @param why how */
export const malformed = (path: string, why: Phrase): UserError =>
  new UserError(
    "gguf-malformed",
    phrase`${path} is no valid GGUF file: ${why}`,
    phrase`Download or copy the file again, or take another GGUF file of the model.`,
  );

/** A file that holds more than is read. */
export const tooMuch = (path: string, what: Phrase): UserError =>
  new UserError(
    "gguf-too-large",
    phrase`${path} is no GGUF file of a language model: ${what}`,
    phrase`Check that it is the file that was meant.`,
  );
