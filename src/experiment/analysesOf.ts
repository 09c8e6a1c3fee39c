import type { Method } from "../method/method.ts";
import { findMethod } from "../method/registry.ts";
import { ANALYSIS_NAMES, type AnalysisName } from "./analysisNames.ts";

/** Whether a kind of method, as a journal names it, adds offsets to the embedded text. */
export const hasOffsets = (kind: string): boolean => findMethod(kind)?.offsets !== undefined;

const isInputSide = (method: Method): boolean => method.isInputSide;
const addsOffsets = (method: Method): boolean => method.offsets !== undefined;
const APPLIES: Readonly<Record<AnalysisName, (method: Method) => boolean>> = {
  ablation: isInputSide,
  offsets: addsOffsets,
  "position-shift": isInputSide,
  specificity: addsOffsets,
  latency: isInputSide,
  stability: () => true,
};

/**
 * The analyses that apply to a kind of method, in the order in which they are made. For a kind that this version does
 * not know, only the analysis that reads the journal alone.
 */
export function analysesOf(kind: string): AnalysisName[] {
  const method = findMethod(kind);
  return method === undefined ? ["stability"] : ANALYSIS_NAMES.filter((name) => APPLIES[name](method));
}
