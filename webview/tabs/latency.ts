import { el } from "../dom.ts";
import { Figure, type FigureContext } from "../figure.ts";
import { LineChart } from "../chart/lineChart.ts";
import {
  foldFigure,
  latencyFigure,
  TIME_MEASURES,
  timeTitles,
  type TimeMeasure,
} from "../../src/figure/latencyFigures.ts";
import type { FigureSpec, LinesPlot } from "../../src/figure/figureSpec.ts";
import { fill } from "../../src/figure/valueText.ts";
import { rememberedSelect } from "./rememberedSelect.ts";
import { specFigure } from "./specFigure.ts";
import type { AnalysisTabSpec } from "./tab.ts";
import type { Latency } from "../../src/protocol/results/latency.ts";

/** The latency tab. */
export function latencySpec(context: FigureContext): AnalysisTabSpec {
  return {
    analyses: [["latency", context.labels.latency]],
    figures: (_, result) => {
      const latency = result as Latency;
      return [
        timesFigure(latency, context),
        ...(latency.fold === undefined ? [] : [specFigure(foldFigure(latency.fold, context.labels), context)]),
      ];
    },
  };
}

/** The latency figure with the choice of the measure and the batch size. */
class LatencyChart {
  readonly chart: LineChart;
  readonly tools = el("div", "", "actions");
  private readonly sizes: number[];

  constructor(
    private readonly latency: Latency,
    private readonly context: FigureContext,
  ) {
    this.sizes = [...new Set(latency.rows.map(({ batchSize }) => batchSize))];
    this.chart = new LineChart(this.spec.plot!, "normal", context.theme());
    this.tools.append(this.measureSelect(), this.sizeSelect());
    this.draw();
  }

  get spec(): FigureSpec<LinesPlot> {
    return latencyFigure(this.latency, { measure: this.measure, batchSize: this.size }, this.context.labels);
  }

  private get measure(): TimeMeasure {
    return TIME_MEASURES.find((each) => each === this.context.state.choices["latency"]) ?? "endToEnd";
  }

  private get size(): number {
    const { sizes } = this;
    return sizes.find((each) => String(each) === this.context.state.choices["batch"]) ?? sizes[0] ?? 1;
  }

  private measureSelect(): HTMLElement {
    const choices = TIME_MEASURES.map((value) => ({ value, text: timeTitles(this.context.labels)[value] }));
    const { measure } = this.context.labels;
    return rememberedSelect({ label: measure, key: "latency", value: this.measure, choices }, this.context, this.draw);
  }

  private sizeSelect(): HTMLElement {
    const { labels } = this.context;
    const choices = this.sizes.map((each) => ({ value: String(each), text: fill(labels.batchOf, each) }));
    const value = String(this.size);
    return rememberedSelect({ label: labels.batchSize, key: "batch", value, choices }, this.context, this.draw);
  }

  private readonly draw = (): void => {
    const { plot, description } = this.spec;
    this.chart.show(plot!);
    this.chart.describe(description);
  };
}

function timesFigure(latency: Latency, context: FigureContext): Figure {
  const { chart, tools, spec } = new LatencyChart(latency, context);
  const { id, title, note, table } = spec;
  return new Figure({ id, title, note, drawing: chart, data: table, extra: [tools] }, context);
}
