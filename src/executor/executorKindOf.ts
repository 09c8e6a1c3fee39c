import { executorKind, type ExecutorKind } from "../experiment/executorSpec.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";

/** The kind of executor that a run was made for; one with a damaged experiment counts as this machine's. */
export const kindOf = (run: RunDirectory): ExecutorKind =>
  run.experimentError() === undefined ? executorKind(run.experiment()) : "local";
