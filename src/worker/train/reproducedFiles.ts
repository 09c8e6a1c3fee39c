import { causeOf } from "../../base/errors.ts";
import { phrase, said } from "../../base/phrase.ts";
import type { NewRunEvent } from "../../record/events.ts";
import { openGitStore } from "../../run/git/gitStore.ts";
import { removeWorkTree } from "../../run/git/gitWorkTree.ts";
import { repositoryAround } from "../../run/git/repositoryAround.ts";
import { prepareWorkTree } from "../../run/inputs/prepareWorkTree.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { repositoryPaths } from "../../run/inputs/inputPlaces.ts";

/** Records once where in the repository a run's files are, so that they are found after the repository moves. */
export function recordSources(run: RunDirectory, folder: string, emit: (event: NewRunEvent) => void): void {
  if (Object.keys(run.record().sources).length > 0) return;
  const paths = repositoryPaths(repositoryAround(folder) ?? folder, run.experiment());
  if (Object.keys(paths).length > 0) emit({ type: "sources", paths });
}

/**
 * Restores, for a run that repeats another, the files of that run's commit; reports in the journal what the commit
 * lacks.
 * @throws UserError where they cannot be restored
 */
export async function restoreCommittedFiles(
  run: RunDirectory,
  folder: string,
  emit: (event: NewRunEvent) => void,
): Promise<void> {
  const commit = run.experiment().reproduces?.commit;
  if (commit === undefined) return;
  const store = await openGitStore(folder);
  if ("reason" in store) throw store.reason;
  const outside = await prepareWorkTree(store, run, commit);
  const warning = said(phrase`Not from its commit, but as it is now: ${outside.join(", ")}`);
  if (outside.length > 0 && !run.record().warnings.includes(warning.message)) emit({ type: "warning", ...warning });
}

/** Removes the work tree of a run that repeats another. A failure is reported in the journal and ends nothing. */
export async function removeReproductionTree(
  run: RunDirectory,
  folder: string,
  emit: (event: NewRunEvent) => void,
): Promise<void> {
  try {
    if (run.experiment().reproduces === undefined) return;
    const store = await openGitStore(folder);
    if (!("reason" in store)) await removeWorkTree(store, run.path);
  } catch (error) {
    emit({
      type: "warning",
      ...said(phrase`Its work tree is left: ${causeOf(error)}`),
    });
  }
}
