import { el } from "../dom.ts";
import { Figure, type FigureContext } from "../figure.ts";
import { LineChart } from "../chart/lineChart.ts";
import type { Peer } from "../../src/protocol/hostToPage.ts";
import type { FigureSpec, LinesPlot } from "../../src/figure/figureSpec.ts";
import { propertiesFigure, shiftFigure, shiftMeasures, type ShiftMeasure } from "../../src/figure/shiftFigures.ts";
import { rememberedSelect } from "./rememberedSelect.ts";
import { specFigure } from "./specFigure.ts";
import type { AnalysisTabSpec } from "./tab.ts";
import type { PositionShift } from "../../src/protocol/results/positionShift.ts";

/** The position-shift tab. */
export function shiftSpec(context: FigureContext): AnalysisTabSpec {
  return {
    analyses: [["position-shift", context.labels.positionShift]],
    figures: (_, result, peers) => [
      changesFigure(result as PositionShift, peers, context),
      specFigure(propertiesFigure(result as PositionShift, context.labels), context),
    ],
  };
}

/**
 * One measure over the shift, a line for each test. The user chooses the measure, and another run drawn beside this
 * one, such as prompt tuning as the control.
 */
class ShiftChart {
  readonly chart: LineChart;
  readonly tools = el("div", "", "actions");
  private readonly measures: readonly [ShiftMeasure, ...ShiftMeasure[]];

  constructor(
    private readonly result: PositionShift,
    private readonly peers: readonly Peer[],
    private readonly context: FigureContext,
  ) {
    this.measures = shiftMeasures(context.labels);
    this.chart = new LineChart(this.spec.plot!, "normal", context.theme());
    this.tools.append(this.measureSelect(), ...(peers.length > 0 ? [this.besideSelect()] : []));
    this.draw();
  }

  get spec(): FigureSpec<LinesPlot> {
    const { result, measure, beside } = this;
    const other = beside && { name: beside.name, result: beside.result as PositionShift };
    return shiftFigure(result, { measure, beside: other }, this.context.labels);
  }

  private get measure(): ShiftMeasure {
    return this.measures.find(({ id }) => id === this.context.state.choices["shift"]) ?? this.measures[0];
  }

  private get beside(): Peer | undefined {
    return this.peers.find(({ id }) => id === this.context.state.choices["beside"]);
  }

  private measureSelect(): HTMLElement {
    const choices = this.measures.map(({ id, text }) => ({ value: id, text }));
    const label = this.context.labels.measure;
    return rememberedSelect({ label, key: "shift", value: this.measure.id, choices }, this.context, this.draw);
  }

  private besideSelect(): HTMLElement {
    const { labels } = this.context;
    const choices = [
      { value: "", text: labels.besideNone },
      ...this.peers.map(({ id, name }) => ({ value: id, text: name })),
    ];
    const value = this.beside?.id ?? "";
    return rememberedSelect({ label: labels.beside, key: "beside", value, choices }, this.context, this.draw);
  }

  private readonly draw = (): void => {
    const { plot, description } = this.spec;
    this.chart.show(plot!);
    this.chart.describe(description);
  };
}

function changesFigure(result: PositionShift, peers: readonly Peer[], context: FigureContext): Figure {
  const shift = new ShiftChart(result, peers, context);
  const { id, title, note } = shift.spec;
  const data = () => shift.spec.table();
  return new Figure({ id, title, note, drawing: shift.chart, data, extra: [shift.tools] }, context);
}
