/** Every analysis of a finished run, in the order they are made. */
export const ANALYSIS_NAMES = ["ablation", "offsets", "position-shift", "specificity", "latency", "stability"] as const;
/** The name of an analysis. */
export type AnalysisName = (typeof ANALYSIS_NAMES)[number];

/**
 * The version of each analysis' results. It rises when an analysis computes or reports something else: results of an
 * older version are not read, and are computed again.
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
 * Rises when an analysis reports more than before: older results are still read, and are computed again on request.
 */
export const ANALYSIS_ADDITIONS: Readonly<Partial<Record<AnalysisName, number>>> = { latency: 1 };
