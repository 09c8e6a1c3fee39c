import type { ReportedRun } from "../../../src/analysis/report/reportedRun.ts";
import { reportedRun } from "./reportedRuns.ts";

/** What a test changes in a run, in place. */
export type Change = (run: ReportedRun) => void;
/** What a run has besides its method, seed and accuracy. */
interface Given {
  trainable?: number;
  scale?: number;
}

let count = 0;

export function changed(run: ReportedRun, ...changes: readonly Change[]): ReportedRun {
  for (const change of changes) change(run);
  return run;
}

/** Finished runs of a method with seeds from 0, each with an id of its own, the oldest first. */
export function severalSeeds(
  method: string,
  accuracies: readonly number[],
  ...more: readonly (Change | Given)[]
): ReportedRun[] {
  const given = more
    .filter((each) => typeof each !== "function")
    .reduce<Given>((all, each) => ({ ...all, ...each }), {});
  const changes = more.filter((each) => typeof each === "function");
  return accuracies.map((accuracy, seed) => {
    const id = `20261201-${String(count++).padStart(4, "0")}-${method}`;
    const run = reportedRun(id, { seed, method, accuracy, trainable: 12_800, ...given });
    run.record.createdAt = count;
    return changed(run, ...changes);
  });
}
