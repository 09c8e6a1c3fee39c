import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import { executorKind, type ExecutorKind } from "../experiment/executorSpec.ts";
import { readExperiments } from "../experiment/readExperiment.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { ExecutorPlace, Submitted, SubmitOptions } from "./executor.ts";
import { executorOf } from "./executors.ts";
import { newId } from "./newIds.ts";

/** What to train, and how. */
export interface Submission extends ExecutorPlace, SubmitOptions {}

/** Returns the id for the runs of one submission: of their sweep, or of the only run. */
export const newSubmissionId = (): string => newId();

/**
 * The executor of all runs of a file.
 * @throws UserError where they have several
 */
export function commonExecutor(experiments: readonly Experiment[]): ExecutorKind {
  const [kind = "local", ...more] = new Set(experiments.map(executorKind));
  if (more.length === 0) return kind;
  throw new UserError(
    "sweep-of-several-executors",
    phrase`The runs of one file have one executor, not ${[kind, ...more].join(", ")}`,
    phrase`Take executor.kind out of the sweep.`,
  ).about(["executor"]);
}

/**
 * Starts the runs of an experiment file, where it says. On this machine several runs (seeds, a sweep) are put into the
 * queues of their devices, which are started.
 * @param id the submission's id, with which the runs were read
 */
export const submitRuns = (experiments: readonly Experiment[], id: string, options: Submission): Submitted =>
  executorOf(commonExecutor(experiments), options).submit(experiments, id, options);

/**
 * Reads an experiment file and starts its runs. Whoever calls it has checked the file's data and methods.
 * @throws UserError when the experiment is invalid; nothing has been created then
 */
export function submitExperiment(experimentPath: string, options: Submission): Submitted {
  const id = newSubmissionId();
  return submitRuns(readExperiments(experimentPath, [], id), id, options);
}
