import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import { openGitStore } from "../run/git/gitStore.ts";
import { removeWorkTree } from "../run/git/gitWorkTree.ts";
import { announceRun, Journal } from "../run/journal/journal.ts";
import { prepareWorkTree } from "../run/inputs/prepareWorkTree.ts";
import { newRunId } from "../run/directory/runId.ts";
import { RunDirectory } from "../run/directory/runDirectory.ts";
import { repositoryPaths } from "../run/inputs/inputPlaces.ts";
import { startTraining } from "./startWorker.ts";
import type { WorkerPlace } from "./workerProcess.ts";

/**
 * Creates the new run's folder. The experiment keeps the original's input paths, because the work tree is deleted when
 * the run has finished; the journal says where they are in the commit.
 */
function create(
  runsDir: string,
  original: RunDirectory,
  { top, commit }: { top: string; commit: string },
): RunDirectory {
  const id = newRunId(new Date(), () => randomBytes(4).readUInt32LE() / 2 ** 32);
  // It is trained here, wherever the original was.
  const { part: _, executor: __, ...single } = original.experiment();
  const { name, sources, contents } = original.record();
  const experiment = {
    ...single,
    name: `${name} (reproduced)`.slice(0, 300),
    reproduces: { run: original.id, commit },
  };
  const run = RunDirectory.create(runsDir, id, experiment);
  const journal = new Journal(run.path);
  try {
    announceRun(id, experiment, journal);
    journal.append({ type: "sources", paths: { ...repositoryPaths(top, experiment), ...sources } });
    if (Object.keys(contents).length > 0) journal.append({ type: "contents", files: contents });
  } finally {
    journal.close();
  }
  return run;
}

/**
 * Reproduces a run: trains it again from the files of its commit, with its seed and settings, as a new run that finally
 * compares itself with the original. Leaves nothing behind if it fails.
 * @returns `outside`: inputs that the commit does not contain, read as they are now
 * @throws UserError when the run has no commit or no result, or an input does not exist
 */
export async function reproduceRun(
  options: WorkerPlace & {
    runPath: string;
    runsDir: string;
    /** Aborts the preparation, before the training begins. */
    signal?: AbortSignal;
  },
): Promise<{ run: RunDirectory; outside: string[]; child: ChildProcess }> {
  const original = RunDirectory.open(options.runPath);
  const { snapshotCommit: commit, name, status } = original.record();
  const store = await openGitStore(options.folder);
  if ("reason" in store) throw store.reason;
  if (commit === undefined)
    throw new UserError(
      "reproduce-run-without-commit",
      phrase`Run "${name}" has no commit: its files cannot be brought back`,
      phrase`Runs are committed in folders with a git repository.`,
    );
  if (status !== "finished" && status !== "stopped")
    throw new UserError(
      "reproduce-run-without-result",
      phrase`Run "${name}" has no result to compare with: it is ${status}`,
      phrase`Let it finish first.`,
    );
  const run = create(options.runsDir, original, { top: store.git.folder, commit });
  try {
    const outside = await prepareWorkTree(store, run, commit);
    options.signal?.throwIfAborted();
    return { run, outside, child: startTraining(run, options) };
  } catch (error) {
    await removeWorkTree(store, run.path);
    rmSync(run.path, { recursive: true, force: true });
    throw error;
  }
}
