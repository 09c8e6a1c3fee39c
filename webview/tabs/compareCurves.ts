import { LineChart } from "../chart/lineChart.ts";
import { el } from "../dom.ts";
import { Figure, type FigureContext } from "../figure.ts";
import type { RunCurves, SweepResults } from "../../src/protocol/hostToPage.ts";
import { curvesFigure, type CurveAxis } from "../../src/figure/curvesFigure.ts";
import type { FigureSpec, LinesPlot } from "../../src/figure/figureSpec.ts";
import { stableStyles } from "../../src/figure/seriesStyle.ts";
import { BY_RUN, BY_SEEDS, curveGroups, groupingSettings } from "../../src/figure/sweep/curveGroups.ts";
import { fill } from "../../src/figure/valueText.ts";
import { checkbox } from "../ui.ts";
import { rememberedSelect } from "./rememberedSelect.ts";

/** Widths of the running mean, in steps. */
const WIDTHS = ["1", "5", "25", "101"];
const AXES: readonly CurveAxis[] = ["step", "tokens", "time"];

/** The compared runs with their settings, as far as they are known. */
interface Compared {
  ids: readonly string[];
  runs: readonly RunCurves[];
  sweep?: SweepResults | undefined;
}

/** Training loss, or the validation metric, of several runs or groups of runs over their steps, tokens or time. */
export class CompareCurves {
  readonly figure: Figure;
  private readonly chart: LineChart;
  private readonly styles: ReadonlyMap<string, number>;
  private selected: ReadonlySet<string> | undefined;

  /** @param compared the ids of all chosen runs, found or not, decide the style of each run */
  constructor(
    private readonly compared: Compared,
    private readonly context: FigureContext,
  ) {
    this.styles = stableStyles(compared.ids);
    const { plot, note, description } = this.spec;
    this.chart = new LineChart(plot!, "normal", context.theme());
    this.chart.describe(description);
    this.figure = new Figure(
      {
        id: "curves",
        title: context.labels.curvesTitle,
        note,
        drawing: this.chart,
        data: () => this.spec.table(),
        extra: [this.tools()],
      },
      context,
    );
  }

  /** Draws the curves of these runs alone, or of all. */
  select(ids: ReadonlySet<string> | undefined): void {
    this.selected = ids;
    this.draw();
  }

  draw(): void {
    const { plot, description, note } = this.spec;
    this.chart.show(plot!);
    this.chart.describe(description);
    this.figure.refresh(note);
  }

  private choice(key: string, otherwise: string): string {
    return this.context.state.choices[key] ?? otherwise;
  }

  private get spec(): FigureSpec<LinesPlot> {
    const { labels } = this.context;
    const { runs, sweep } = this.compared;
    const grouping = { by: this.by, selected: this.selected, styles: this.styles };
    const { groups, hidden } = curveGroups(runs, sweep, grouping, labels);
    const spec = curvesFigure(
      groups,
      {
        measure: this.choice("curve", "loss") === "validation" ? "validation" : "loss",
        scale: this.choice("curveLog", "no") === "yes" ? "logarithmic" : "linear",
        most: Infinity,
        over: AXES.find((axis) => axis === this.choice("curveOver", "step")) ?? "step",
        smooth: Number(WIDTHS.find((width) => width === this.choice("curveSmooth", "1")) ?? 1),
      },
      labels,
    );
    const isGrouped = groups.some((group) => group.runs.length > 1);
    const more = [
      ...(isGrouped ? [labels.bandNote] : []),
      ...(hidden > 0 ? [fill(labels.moreCurves, groups.length, hidden)] : []),
    ];
    return { ...spec, note: [spec.note, ...more].join(" ") };
  }

  /** What the curves are grouped by; of other runs than before, the setting may not vary. */
  private get by(): string {
    const wanted = this.choice("curveBy", BY_RUN);
    return this.groupings.some(({ value }) => value === wanted) ? wanted : BY_RUN;
  }

  private get groupings(): { value: string; text: string }[] {
    const { labels } = this.context;
    return [
      { value: BY_RUN, text: labels.eachRun },
      { value: BY_SEEDS, text: labels.overSeeds },
      ...groupingSettings(this.compared.sweep).map(({ key }) => ({ value: key, text: fill(labels.by, key) })),
    ];
  }

  private choose(label: string, key: string, value: string, choices: readonly { value: string; text: string }[]) {
    return rememberedSelect({ label, key, value, choices }, this.context, () => {
      this.draw();
    });
  }

  private tools(): HTMLElement {
    const { labels, state } = this.context;
    const tools = el("div", "", "actions");
    const axes = { step: labels.step, tokens: labels.trainedTokens, time: labels.trainedSeconds };
    tools.append(
      this.choose(labels.curve, "curve", this.choice("curve", "loss"), [
        { value: "loss", text: labels.lossCurve },
        { value: "validation", text: labels.validationMetric },
      ]),
      this.choose(labels.groupsOfRuns, "curveBy", this.by, this.groupings),
      this.choose(
        labels.drawnOver,
        "curveOver",
        this.choice("curveOver", "step"),
        AXES.map((axis) => ({ value: axis, text: axes[axis] })),
      ),
      this.choose(
        labels.smoothing,
        "curveSmooth",
        this.choice("curveSmooth", "1"),
        WIDTHS.map((width) => ({
          value: width,
          text: width === "1" ? labels.asItIs : fill(labels.meanOfSteps, width),
        })),
      ),
      checkbox(labels.logScale, this.choice("curveLog", "no") === "yes", (on) => {
        state.choices = { ...state.choices, curveLog: on ? "yes" : "no" };
        this.context.save();
        this.draw();
      }),
    );
    return tools;
  }
}
