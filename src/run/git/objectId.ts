import { UserError } from "../../base/errors.ts";
import { CommitId } from "../../base/identifiers.ts";

/**
 * The commit, if it is one by its name: whatever a journal says, git never gets an option in its place.
 * @throws UserError where it is none
 */
export function objectId(commit: string): string {
  if (!CommitId.safeParse(commit).success)
    throw new UserError(
      `"${commit.slice(0, 60)}" is no commit`,
      "The run's journal is damaged, or made to harm: delete the run.",
    );
  return commit;
}
