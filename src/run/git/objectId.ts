import { UserError } from "../../base/errors.ts";
import { CommitId } from "../../base/identifiers.ts";
import { phrase } from "../../base/phrase.ts";

/**
 * Returns the commit id if it has the form of one. Call it for every id that comes from a journal, so that git never
 * gets an option in its place.
 * @throws UserError when it is not a commit id
 */
export function objectId(commit: string): string {
  if (!CommitId.safeParse(commit).success)
    throw new UserError(
      "commit-name-malformed",
      phrase`"${commit.slice(0, 60)}" is no commit`,
      phrase`The run's journal is damaged, or made to harm: delete the run.`,
    );
  return commit;
}
