import type { MethodKind } from "../method/methodSpec.ts";

/** Every analysis of a finished run, in the order they are made. */
export const ANALYSIS_NAMES = ["ablation", "offsets", "position-shift", "specificity", "latency", "stability"] as const;
export type AnalysisName = (typeof ANALYSIS_NAMES)[number];

const INPUT_SIDE: readonly MethodKind[] = ["adept", "dept", "pt", "mpt"];
const APPLY: Readonly<Record<AnalysisName, readonly MethodKind[] | "all">> = {
  ablation: INPUT_SIDE,
  offsets: ["adept", "dept"],
  "position-shift": INPUT_SIDE,
  specificity: ["adept", "dept"],
  latency: INPUT_SIDE,
  stability: "all",
};

/** The analyses that a method has something for: those of the input need a method that works on the input. */
export const analysesOf = (kind: MethodKind): AnalysisName[] =>
  ANALYSIS_NAMES.filter((name) => APPLY[name] === "all" || APPLY[name].includes(kind));

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
