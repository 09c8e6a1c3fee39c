import { UserError } from "./errors.ts";
import { phrase, type Phrase } from "./phrase.ts";

/** Says that a newer version of ADePT Lab has written to a run. */
export interface NewerVersion {
  /** The version of the run's journal, if its first line states one that this version does not know. */
  version: number | undefined;
}

/** The notice shown for a run that a newer version has written. */
export const newerPhrase = ({ version }: NewerVersion): Phrase =>
  version === undefined
    ? phrase`This run was written by a newer ADePT Lab: update to see all of it`
    : phrase`This run was written by a newer ADePT Lab (journal version ${version}): update to see all of it`;

/**
 * The error thrown instead of writing to such a run.
 * @param run its id
 */
export function newerError(run: string, { version }: NewerVersion): UserError {
  return new UserError(
    "run-of-newer-version",
    version === undefined
      ? phrase`Run ${run} was written by a newer ADePT Lab: this one only reads it`
      : phrase`Run ${run} was written by a newer ADePT Lab (journal version ${version}): this one only reads it`,
    phrase`Update ADePT Lab to change the run, or to go on with it.`,
  );
}
