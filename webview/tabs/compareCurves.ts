import { LineChart } from "../chart/lineChart.ts";
import { el } from "../dom.ts";
import { Figure, type FigureContext } from "../figure.ts";
import type { RunCurves } from "../../src/protocol/hostToPage.ts";
import { curvesFigure } from "../../src/figure/curvesFigure.ts";
import type { FigureSpec, LinesPlot } from "../../src/figure/figureSpec.ts";
import { stableStyles } from "../../src/figure/seriesStyle.ts";
import { checkbox } from "../ui.ts";
import { rememberedSelect } from "./rememberedSelect.ts";

/** Training loss, or the validation metric, of several runs over their steps. */
export class CompareCurves {
  readonly figure: Figure;
  private readonly chart: LineChart;

  private readonly styles: ReadonlyMap<string, number>;
  private readonly runs: readonly RunCurves[];
  private selected: ReadonlySet<string> | undefined;

  /** @param compared the ids of all chosen runs, found or not, decide the style of each run */
  constructor(
    { ids, runs }: { ids: readonly string[]; runs: readonly RunCurves[] },
    private readonly context: FigureContext,
  ) {
    this.runs = runs;
    this.styles = stableStyles(ids);
    this.chart = new LineChart(this.spec.plot!, "normal", context.theme());
    const { labels } = context;
    this.figure = new Figure(
      {
        id: "curves",
        title: labels.curvesTitle,
        note: labels.curvesNote,
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
    const { plot, description } = this.spec;
    this.chart.show(plot!);
    this.chart.describe(description);
    this.figure.refresh();
  }

  private get spec(): FigureSpec<LinesPlot> {
    const { state, labels } = this.context;
    const runs = this.runs.filter(({ id }) => this.selected?.has(id) !== false);
    const groups = runs.map((run) => ({ name: run.name, style: this.styles.get(run.id) ?? 0, runs: [run] }));
    const scale = state.choices["curveLog"] === "yes" ? "logarithmic" : "linear";
    const measure = state.choices["curve"] === "validation" ? "validation" : "loss";
    return curvesFigure(groups, { measure, scale, most: Infinity }, labels);
  }

  private tools(): HTMLElement {
    const { labels, state } = this.context;
    const tools = el("div", "", "actions");
    tools.append(
      rememberedSelect(
        {
          label: labels.curve,
          key: "curve",
          value: state.choices["curve"] ?? "loss",
          choices: [
            { value: "loss", text: labels.lossCurve },
            { value: "validation", text: labels.validationMetric },
          ],
        },
        this.context,
        () => {
          this.draw();
        },
      ),
      checkbox(labels.logScale, state.choices["curveLog"] === "yes", (on) => {
        state.choices = { ...state.choices, curveLog: on ? "yes" : "no" };
        this.context.save();
        this.draw();
      }),
    );
    return tools;
  }
}
