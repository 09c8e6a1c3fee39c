import { el } from "../dom.ts";
import type { FigureContext } from "../figure.ts";
import { ablationFigure, specificityFigure, specificityText, unseenFigure } from "../../src/figure/alteredFigures.ts";
import { specFigure } from "./specFigure.ts";
import type { AnalysisTabSpec } from "./tab.ts";
import type { Ablation } from "../../src/protocol/results/ablation.ts";
import type { Specificity } from "../../src/protocol/results/specificity.ts";

/** The ablation tab: post-hoc results only; retrained ablations are compared in the compare tab. */
export function ablationSpec(context: FigureContext): AnalysisTabSpec {
  const { labels } = context;
  return {
    analyses: [
      ["ablation", labels.ablation],
      ["specificity", labels.specificity],
    ],
    figures: (name, given) => {
      if (name === "ablation") {
        const result = given as Ablation;
        return [specFigure(ablationFigure(result, labels), context), specFigure(unseenFigure(result, labels), context)];
      }
      const result = given as Specificity;
      const extra = [el("p", specificityText(result, labels))];
      return [specFigure(specificityFigure(result, labels), context, { extra, wide: true })];
    },
  };
}
