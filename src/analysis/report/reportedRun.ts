import type { Experiment } from "../../experiment/experiment.ts";
import type { RunRecord } from "../../record/record.ts";
import type { AnalysisResults } from "../../protocol/results/analysisResults.ts";
import { compareRuns } from "../compare/compareRuns.ts";

/** A run with the stored results of its analyses. */
export interface ReportedRun {
  id: string;
  experiment: Experiment;
  record: RunRecord;
  analyses: Partial<AnalysisResults>;
  /** Training loss of each step, in order. */
  losses: [step: number, loss: number][];
  /** When it finished, in milliseconds since the epoch. */
  ended?: number | undefined;
}

/** Runs that differ only in their seed. */
export interface SeedGroup {
  /** The case of a retrained ablation such as "A0", else the row's name in the comparison. */
  label: string;
  /** The kind of the method. */
  kind: string;
  runs: ReportedRun[];
}

/** Groups the runs of one task into the rows that a comparison of them has. */
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
