import { UserError } from "./errors.ts";

/** Says that a newer version of ADePT Lab has written to a run. */
export interface NewerVersion {
  /** The version of the run's journal, if its first line states one that this version does not know. */
  version: number | undefined;
}

/** The warning shown with a run that a newer version has written to. */
export function newerText({ version }: NewerVersion): string {
  const message =
    version === undefined
      ? "This run was written by a newer ADePT Lab: update to see all of it"
      : `This run was written by a newer ADePT Lab (journal version ${version}): update to see all of it`;
  return message;
}

/**
 * The error thrown instead of writing to such a run.
 * @param run its id
 */
export function newerError(run: string, { version }: NewerVersion): UserError {
  return new UserError(
    version === undefined
      ? `Run ${run} was written by a newer ADePT Lab: this one only reads it`
      : `Run ${run} was written by a newer ADePT Lab (journal version ${version}): this one only reads it`,
    "Update ADePT Lab to change the run, or to go on with it.",
  );
}
