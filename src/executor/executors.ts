import type { ExecutorKind } from "../experiment/executorSpec.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";
import { clusterDefaults } from "./clusterDefaults.ts";
import type { ExecutorPlace } from "./executor.ts";
import { kindOf } from "./executorKindOf.ts";
import { loadSlurm } from "./loadSlurm.ts";
import { LocalExecutor } from "./localExecutor.ts";
import type { SlurmExecutor } from "./slurm/slurmExecutor.ts";

/** Has runs trained by the Slurm cluster that this machine is of. */
export const slurmExecutor = (place: ExecutorPlace): SlurmExecutor =>
  new (loadSlurm(place.workerPath).SlurmExecutor)(place, clusterDefaults());

/** The executor of a kind for the runs of a folder. */
export const executorOf = (kind: ExecutorKind, place: ExecutorPlace): LocalExecutor | SlurmExecutor =>
  kind === "slurm" ? slurmExecutor(place) : new LocalExecutor(place);

/** The executor that a run was made for. */
export const executorOfRun = (run: RunDirectory, place: ExecutorPlace): LocalExecutor | SlurmExecutor =>
  executorOf(kindOf(run), place);
