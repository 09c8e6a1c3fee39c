import type { ExecutorKind } from "../experiment/executorSpec.ts";
import type { Executor, ExecutorPlace } from "./executor.ts";
import { LocalExecutor } from "./localExecutor.ts";
import { SlurmExecutor } from "./slurm/slurmExecutor.ts";

const EXECUTORS: Readonly<Record<ExecutorKind, new (place: ExecutorPlace) => Executor>> = {
  local: LocalExecutor,
  slurm: SlurmExecutor,
};

/** The executor of a kind for the runs of a folder. */
export const executorOf = (kind: ExecutorKind, place: ExecutorPlace): Executor => new EXECUTORS[kind](place);
