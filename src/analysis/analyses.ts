import type { AnalysisName } from "../experiment/analysisNames.ts";
import { analyseAblation } from "./ablation/componentAblation.ts";
import { analyseLatency } from "./latency/latency.ts";
import { analyseOffsets } from "./offsets/offsets.ts";
import { analyseShift } from "./shift/positionShift.ts";
import { analyseSpecificity } from "./specificity/tokenSpecificity.ts";

/** The analyses that need a run's model, by name. Stability is not one of them: it is computed from the journal. */
export const ANALYSES = {
  ablation: analyseAblation,
  offsets: analyseOffsets,
  "position-shift": analyseShift,
  specificity: analyseSpecificity,
  latency: analyseLatency,
} as const satisfies Record<Exclude<AnalysisName, "stability">, unknown>;
