import type { AnalysisName } from "../experiment/analysisNames.ts";
import type { Translate } from "./translate.ts";

/** The title of each analysis. @param t translates a text */
export function analysisTitles(t: Translate): Record<AnalysisName, string> {
  return {
    ablation: t("Ablation"),
    offsets: t("Offsets"),
    "position-shift": t("Position shift"),
    specificity: t("Token specificity"),
    latency: t("Latency"),
    stability: t("Stability"),
  };
}
