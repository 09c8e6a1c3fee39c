import { UserError } from "./errors.ts";

/** `version`: of its journal, where its first line says one that is not known here. */
export interface NewerVersion {
  version: number | undefined;
}

/** What is said of a run that a newer version has written. */
export function newerText({ version }: NewerVersion): string {
  const message =
    version === undefined
      ? "This run was written by a newer ADePT Lab: update to see all of it"
      : `This run was written by a newer ADePT Lab (journal version ${version}): update to see all of it`;
  return message;
}

/** Why nothing is written to such a run. */
export function newerError(run: string, { version }: NewerVersion): UserError {
  return new UserError(
    version === undefined
      ? `Run ${run} was written by a newer ADePT Lab: this one only reads it`
      : `Run ${run} was written by a newer ADePT Lab (journal version ${version}): this one only reads it`,
    "Update ADePT Lab to change the run, or to go on with it.",
  );
}
