import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { UserError } from "../experiment/errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { addWorkTree } from "../run/gitBranch.ts";
import { openGitStore } from "../run/gitStore.ts";
import { newRunId, RunDirectory } from "../run/runDirectory.ts";
import { startTraining, type WorkerPlace } from "./localExecutor.ts";

/** A path of the original, in the work tree where that has it. */
function inside(path: string, top: string, tree: string): string {
  const own = isAbsolute(path) ? relative(top, path) : "..", there = join(tree, own);
  return own === "" || own.startsWith("..") || !existsSync(there) ? path : there;
}

/** The experiment with its files as the work tree has them; what the commit lacks (large, ignored, elsewhere) stays as it is now. */
export function moved(experiment: Experiment, top: string, tree: string): { experiment: Experiment; outside: string[] } {
  const outside: string[] = [], move = (path: string): string => { const to = inside(path, top, tree); if (to === path) outside.push(path); return to; };
  const { task, method, backbone } = experiment, maybe = (path: string | undefined): string | undefined => (path === undefined ? undefined : move(path));
  const moveTask = (): Experiment["task"] => (task.kind === "file" ? { ...task, train: move(task.train), validation: maybe(task.validation), test: maybe(task.test) } : task.kind === "mail" ? task : { ...task, folder: move(task.folder) });
  return { experiment: { ...experiment, task: moveTask(), backbone: isAbsolute(backbone) ? move(backbone) : backbone, ...(method.source !== undefined && { method: { ...method, source: move(method.source) } }) }, outside };
}

/**
 * Trains a run again from its commit's files, with its seed and settings, in a run of its own that compares itself with it in the end.
 * @throws UserError when the run has no commit
 */
export async function reproduceRun(options: WorkerPlace & { runPath: string; runsDir: string }): Promise<{ run: RunDirectory; tree: string; outside: string[] }> {
  const original = RunDirectory.open(options.runPath), { snapshotCommit, name, status } = original.record(), store = await openGitStore(options.folder);
  if ("reason" in store) throw new UserError(store.reason);
  if (snapshotCommit === undefined) throw new UserError(`Run "${name}" has no commit: its files cannot be brought back`, "Runs are committed in folders with a git repository.");
  if (status !== "finished" && status !== "stopped") throw new UserError(`Run "${name}" has no result to compare with: it is ${status}`, "Let it finish first.");
  const id = newRunId(new Date(), () => randomBytes(4).readUInt32LE() / 2 ** 32), tree = join(options.folder, ".adept", "worktrees", id);
  await addWorkTree(store, tree, snapshotCommit);
  const { experiment, outside } = moved(original.experiment(), store.git.folder, tree), { part: _, ...single } = experiment;
  const run = RunDirectory.create(options.runsDir, id, { ...single, name: `${name} (reproduced)`.slice(0, 300), reproduces: { run: original.id, path: original.path, tree } });
  startTraining(run, options);
  return { run, tree, outside };
}
