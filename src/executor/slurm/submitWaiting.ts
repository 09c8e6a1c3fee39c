import { rmSync, writeFileSync } from "node:fs";
import { UserError } from "../../base/errors.ts";
import { makeFolder } from "../../base/files/atomicFile.ts";
import type { SlurmRequest } from "../../experiment/executorSpec.ts";
import { dropLease, takeLease } from "../../run/lease/lease.ts";
import type { ExecutorPlace, Placement } from "../executor.ts";
import { newId } from "../newIds.ts";
import { waitingRuns, type Waiting } from "../queuedRuns.ts";
import { requestOf } from "./defaults.ts";
import { dropRuntimes } from "./dropRuntimes.ts";
import { failRefused } from "./failRefused.ts";
import { clusterLimits } from "./limits.ts";
import { needsSubmission } from "./needsSubmission.ts";
import { oneAfterAnother } from "./oneAfterAnother.ts";
import { recoverSubmissions } from "./recoverSubmissions.ts";
import { keptRuntime } from "./runtime.ts";
import { sbatch } from "./sbatch.ts";
import { jobScript } from "./script.ts";
import { restPath, slurmFolder, submittingLease } from "./slurmPlaces.ts";
import { setPointer, SubmissionFolder } from "./submission.ts";
import { taskOf } from "./taskOf.ts";

/** How long (ms) another process that submits is waited for, and how often it is looked for. */
const PATIENCE = 120_000;
const LOOK = 200;

/** Runs that ask for the same, in one array unless they are too many. */
interface Group {
  request: SlurmRequest;
  runs: Waiting[];
}

function groupsOf(runs: readonly Waiting[]): Group[] {
  const groups = new Map<string, Group>();
  for (const each of runs) {
    const { executor, part } = each.run.experiment();
    const request = requestOf(executor!);
    const own = request.array === false ? each.run.id : part?.sweep;
    const key = JSON.stringify([own, request]);
    const group = groups.get(key) ?? { request, runs: [] };
    group.runs.push(each);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Writes what is meant, then has Slurm take it. @returns the job */
async function submitOne(place: ExecutorPlace, { request, runs }: Group, after: string | undefined): Promise<string> {
  const { runsDir, folder, nodePath } = place;
  const workerPath = keptRuntime(runsDir, place.workerPath);
  const id = newId();
  const tasks = runs.map(taskOf);
  const submission = SubmissionFolder.make(runsDir, id, { madeAt: Date.now(), runsDir, request, tasks });
  const script = jobScript(request, { nodePath, workerPath, submission: submission.path, folder });
  submission.keepScript(script);
  for (const [index, { run }] of runs.entries()) setPointer(run, { submission: id, index });
  dropRuntimes(runsDir, workerPath);
  try {
    const batch = { request, script, folder, tasks: runs.length, isArray: runs.length > 1, after };
    const job = await sbatch(submission, batch);
    submission.setOutcome({ job });
    return job;
  } catch (error) {
    // Where the controller did not answer, the job may be there all the same: it is looked for by its comment.
    if (!(error instanceof UserError) || error.code === "slurm-away") throw error;
    submission.setOutcome({ refused: error.message });
    throw error;
  }
}

/** Submits a group in as few arrays as the cluster takes. */
async function submitGroup(place: ExecutorPlace, group: Group, most: number): Promise<Placement> {
  let size = Math.min(most, group.runs.length);
  let after: string | undefined;
  for (let done = 0; done < group.runs.length;) {
    const runs = group.runs.slice(done, done + size);
    try {
      const job = await submitOne(place, { ...group, runs }, after);
      // Arrays after each other never have more at work than one.
      if ((group.request.concurrent ?? 0) > 0) after = job;
      done += runs.length;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (error.code === "slurm-full" && runs.length > 1) {
        size = Math.ceil(runs.length / 2);
        continue;
      }
      const rest = group.runs.slice(done);
      if (error.code === "slurm-refused") failRefused(rest, error);
      return { left: rest.length, why: error };
    }
  }
  return { left: 0 };
}

async function submitAll(place: ExecutorPlace, maxAge: number): Promise<Placement> {
  const unclear = await recoverSubmissions(place.runsDir);
  const waiting = waitingRuns(place.runsDir, "slurm");
  const without = await needsSubmission(waiting, maxAge);
  if (without.length === 0) return { left: unclear };
  const { maxArraySize } = await clusterLimits();
  const results: Placement[] = [];
  for (const group of groupsOf(without)) results.push(await submitGroup(place, group, maxArraySize));
  return {
    left: unclear + results.reduce((sum, { left }) => sum + left, 0),
    why: results.find(({ why }) => why !== undefined)?.why,
  };
}

/**
 * Submits every run that waits for Slurm and has no job. One process does it at a time, and whatever ends it, the next
 * one finds what was meant, and what has become of it.
 * @param maxAge milliseconds that squeue's last answer may be old
 * @returns what waits here because Slurm takes no more at the moment, or does not answer
 */
export const submitWaiting = (place: ExecutorPlace, maxAge: number): Promise<Placement> =>
  oneAfterAnother(submittingLease(place.runsDir), () => submitUnderLease(place, maxAge));

/** Notes whether runs wait here, for jobs that end. */
function noteRest(runsDir: string, left: number): void {
  if (left > 0) writeFileSync(restPath(runsDir), "");
  else rmSync(restPath(runsDir), { force: true });
}

async function submitUnderLease(place: ExecutorPlace, maxAge: number): Promise<Placement> {
  makeFolder(slurmFolder(place.runsDir));
  const lease = submittingLease(place.runsDir);
  for (const until = performance.now() + PATIENCE; !takeLease(lease, process.pid);) {
    if (performance.now() > until) return { left: 0 };
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
  try {
    const placement = await submitAll(place, maxAge);
    noteRest(place.runsDir, placement.left);
    return placement;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { left: 1, why: error };
  } finally {
    dropLease(lease);
  }
}
