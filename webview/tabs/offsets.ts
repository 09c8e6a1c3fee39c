import type { FigureContext } from "../figure.ts";
import {
  neighboursFigure,
  normFigure,
  tableTwoFigure,
  unitsFigure,
  type NamedOffsets,
} from "../../src/figure/offsetFigures.ts";
import { offsetHeatmapFigure } from "./offsetHeatmap.ts";
import { specFigure } from "./specFigure.ts";
import type { AnalysisTabSpec } from "./tab.ts";
import type { Offsets } from "../../src/protocol/results/offsets.ts";

/** The offsets tab. */
export function offsetsSpec(context: FigureContext): AnalysisTabSpec {
  const { labels } = context;
  return {
    analyses: [["offsets", labels.offsets]],
    figures: (_, given, peers) => {
      const result = given as Offsets;
      const all: NamedOffsets[] = [
        { name: labels.thisRun, result },
        ...peers.map(({ name, result: other }) => ({ name, result: other as Offsets })),
      ];
      const [norms, neighbours, units] = [
        normFigure(result, labels),
        neighboursFigure(result, labels),
        unitsFigure(result, labels),
      ];
      return [
        ...(result.examples.length === 0 ? [] : [offsetHeatmapFigure(result.examples, context)]),
        specFigure(tableTwoFigure(all, labels), context),
        ...(norms === undefined ? [] : [specFigure(norms, context)]),
        ...(neighbours === undefined ? [] : [specFigure(neighbours, context, { wide: true })]),
        ...(units === undefined ? [] : [specFigure(units, context)]),
      ];
    },
  };
}
