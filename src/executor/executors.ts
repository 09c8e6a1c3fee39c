import type { ExecutorKind } from "../experiment/executorSpec.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";
import type { Executor, ExecutorPlace } from "./executor.ts";
import { kindOf } from "./executorKindOf.ts";
import { LocalExecutor } from "./localExecutor.ts";
import { SlurmExecutor } from "./slurm/slurmExecutor.ts";

const EXECUTORS: Readonly<Record<ExecutorKind, new (place: ExecutorPlace) => Executor>> = {
  local: LocalExecutor,
  slurm: SlurmExecutor,
};

/** The executor of a kind for the runs of a folder. */
export const executorOf = (kind: ExecutorKind, place: ExecutorPlace): Executor => new EXECUTORS[kind](place);

/** The executor that a run was made for. */
export const executorOfRun = (run: RunDirectory, place: ExecutorPlace): Executor => executorOf(kindOf(run), place);
