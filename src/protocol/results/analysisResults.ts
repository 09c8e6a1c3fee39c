import type { Ablation } from "./ablation.ts";
import type { Latency } from "./latency.ts";
import type { Offsets } from "./offsets.ts";
import type { PositionShift } from "./positionShift.ts";
import type { Specificity } from "./specificity.ts";
import type { Stability } from "./stability.ts";

/**
 * The result of each analysis by its name, as it is stored in a run's folder and sent to the page. Its sentences are in
 * English.
 */
export interface AnalysisResults {
  ablation: Ablation;
  offsets: Offsets;
  "position-shift": PositionShift;
  specificity: Specificity;
  latency: Latency;
  stability: Stability;
}
