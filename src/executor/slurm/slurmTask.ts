import { cpus, hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import type { NewRunEvent } from "../../record/events.ts";
import type { StartRequest } from "../../record/admittedStart.ts";
import { clusterJob, type ClusterJob } from "../../record/clusterJob.ts";
import { RunDirectory } from "../../run/directory/runDirectory.ts";
import { pointerOf, SubmissionFolder } from "./submission.ts";
import { signalName } from "./timeSignal.ts";

/** What a worker on a node has to do. */
export interface SlurmTask {
  run: RunDirectory;
  request: StartRequest;
  job: ClusterJob | undefined;
  /** The step of the checkpoint that this start begins from. */
  from: number;
  /** Whether Slurm may start the job again. */
  mayRequeue: boolean;
  /** The signal by which Slurm says that the time is nearly over. */
  timeSignal: NodeJS.Signals | undefined;
  /** Where it is done, for the journal. */
  placed: NewRunEvent;
}

/**
 * Finds what a task of a submission has to do. Nothing that a start needs is used up by it: Slurm may start it again.
 * @param path the submission's folder
 * @returns undefined where the run has been submitted anew, or was deleted
 */
export function slurmTask(path: string, index: number, env: NodeJS.ProcessEnv = process.env): SlurmTask | undefined {
  const runsDir = join(dirname(dirname(path)), "runs");
  const submission = new SubmissionFolder(runsDir, basename(path));
  const intent = submission.intent();
  const task = intent?.tasks[index];
  if (intent === undefined || task === undefined) throw new Error(`${path} has no task ${index}`);
  const run = RunDirectory.find(join(intent.runsDir, task.run));
  const pointer = run && pointerOf(run);
  if (run === undefined || pointer?.submission !== submission.id || pointer.index !== index) return undefined;
  const job = clusterJob(env);
  return {
    run,
    request: { number: task.start, job, isWholeJob: true },
    job,
    from: run.record().checkpointStep ?? 0,
    mayRequeue: intent.request.requeue ?? true,
    timeSignal: signalName(intent.request),
    placed: {
      type: "placed",
      executor: "slurm",
      cluster: job?.cluster ?? "",
      job: job?.id ?? "",
      restart: job?.restart ?? 0,
      node: env["SLURMD_NODENAME"] ?? hostname(),
      cpu: cpus()[0]?.model.trim() ?? "",
    },
  };
}
