import type { OpenedRun } from "../../protocol/heatmapQuestions.ts";
import type { Measure } from "../../protocol/measures.ts";
import type { Run } from "../runs/runsModel.ts";

/** What a heatmap shows: a measure of a run whose tensors the token worker has opened. */
export interface HeatmapChoice {
  run: Run;
  opened: OpenedRun;
  measure: Measure;
}
