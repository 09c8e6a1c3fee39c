/** Every analysis of a finished run, in the order they are made. */
export const ANALYSIS_NAMES = ["ablation", "offsets", "position-shift", "specificity", "latency", "stability"] as const;
export type AnalysisName = (typeof ANALYSIS_NAMES)[number];

/**
 * Changes when an analysis computes or tells something else: what was stored before is made again, and no longer read.
 */
export const ANALYSIS_VERSIONS: Readonly<Record<AnalysisName, number>> = {
  ablation: 2,
  offsets: 4,
  "position-shift": 2,
  specificity: 3,
  latency: 2,
  stability: 2,
};
/**
 * Rises when an analysis tells more than before: what was stored is still read, and is made again once it is asked for.
 */
export const ANALYSIS_ADDITIONS: Readonly<Partial<Record<AnalysisName, number>>> = { latency: 1 };
