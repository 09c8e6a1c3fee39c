import type { AnalysisName } from "../../experiment/analysisNames.ts";
import type { Ablation } from "./ablation.ts";
import type { Latency } from "./latency.ts";
import type { Offsets } from "./offsets.ts";
import type { PositionShift } from "./positionShift.ts";
import type { Specificity } from "./specificity.ts";
import type { Stability } from "./stability.ts";

interface Results extends Record<AnalysisName, object> {
  ablation: Ablation;
  offsets: Offsets;
  "position-shift": PositionShift;
  specificity: Specificity;
  latency: Latency;
  stability: Stability;
}
/** The result of each analysis, as it is stored in a run's folder and sent to the page; its sentences are in English. */
export type AnalysisResults = Readonly<Results>;
