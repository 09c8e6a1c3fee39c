import type { AnalysisName } from "../../experiment/analysisNames.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import type { RunRecord } from "../../record/record.ts";
import type { Ablation, Specificity } from "../analyse.ts";
import { compareRuns } from "../compareRuns.ts";
import type { Latency } from "../latency.ts";
import type { Offsets } from "../offsets.ts";
import type { PositionShift } from "../positionShift.ts";
import type { Stability } from "../stabilityReport.ts";

/** What each analysis found, where it was made. */
export interface Analyses {
  ablation?: Ablation;
  offsets?: Offsets;
  "position-shift"?: PositionShift;
  specificity?: Specificity;
  latency?: Latency;
  stability?: Stability;
}
/** Names of analyses and of their results are the same. */
export type AnalysisOf<N extends AnalysisName> = NonNullable<Analyses[N]>;

/** A run with what is known of it; analyses as stored. */
export interface ReportedRun {
  id: string;
  experiment: Experiment;
  record: RunRecord;
  analyses: Analyses;
}

/** Runs that differ in nothing but their seed. */
export interface SeedGroup {
  label: string;
  kind: string;
  runs: ReportedRun[];
}

/** Groups of finished runs of one task, as a comparison has its rows. */
export function seedGroups(runs: readonly ReportedRun[]): SeedGroup[] {
  const byId = new Map(runs.map((run) => [run.id, run]));
  return compareRuns(runs)
    .rows.map((row) => {
      const own = row.runs.map((id) => byId.get(id)!);
      const kase = own[0]?.experiment.part?.case;
      return { label: kase === undefined ? row.label : kase, kind: own[0]?.experiment.method.kind ?? "", runs: own };
    })
    .filter((group) => group.runs.length > 0);
}

/** What a task is called. */
export const taskName = ({ task }: Experiment): string =>
  task.kind === "named"
    ? task.name
    : task.kind === "file"
      ? task.train.split(/[\\/]/).at(-1)!
      : task.kind === "text"
        ? `text in ${task.folder.split(/[\\/]/).slice(-2).join("/")}${task.label === undefined ? "" : `, label ${task.label}`}`
        : task.kind;
