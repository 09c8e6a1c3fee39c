import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";

/** What a Llama cannot do yet: reading a text once for several targets, and generating. */
export const unsupported = (): UserError =>
  new UserError("llama-incomplete", phrase`This is not supported yet for a model of type "llama".`);
