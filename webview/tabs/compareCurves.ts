import { LineChart } from "../chart/lineChart.ts";
import { stableStyles } from "../chart/chartStyle.ts";
import { el } from "../dom.ts";
import { Figure, type FigureContext } from "../figure.ts";
import type { RunCurves } from "../../src/protocol/hostToPage.ts";
import type { TableData } from "../tableText.ts";
import { checkbox } from "../ui.ts";
import { rememberedSelect } from "./rememberedSelect.ts";

const TABLE_ROWS = 400;

/** Training loss, or the validation metric, of several runs over their steps. */
export class CompareCurves {
  readonly figure: Figure;
  private readonly chart: LineChart;

  /** @param ids ids of all chosen runs, found or not: they decide the style of each run */
  constructor(
    private readonly ids: readonly string[],
    private readonly runs: readonly RunCurves[],
    private readonly context: FigureContext,
  ) {
    const { labels } = context;
    this.chart = new LineChart({ xTitle: labels.step, yTitle: "", scale: "linear" }, context.theme());
    this.figure = new Figure(
      {
        id: "curves",
        title: labels.curvesTitle,
        note: labels.curvesNote,
        drawing: this.chart,
        data: () => this.table(),
        extra: [this.tools()],
      },
      context,
    );
  }

  draw(): void {
    const { chart, runs } = this;
    const { labels, state } = this.context;
    const metric = this.showsMetric;
    const styles = stableStyles(this.ids);
    chart.clear({
      xTitle: labels.step,
      yTitle: metric ? labels.validationMetric : `${labels.loss} (${labels.nats})`,
      scale: state.choices["curveLog"] === "yes" && !metric ? "logarithmic" : "linear",
    });
    for (const run of runs)
      chart.append(
        run.name,
        this.pointsOf(run).map(([x, y]) => ({ x, y })),
        { marks: metric, style: styles.get(run.id) ?? 0 },
      );
    chart.draw(
      runs.map(({ name, points }) => `${name}: ${points.at(-1)?.[1].toPrecision(3) ?? labels.none}`).join("; "),
    );
    this.figure.refresh();
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

  private get showsMetric(): boolean {
    return this.context.state.choices["curve"] === "validation";
  }

  private pointsOf(run: RunCurves): readonly [number, number][] {
    return this.showsMetric ? run.validation : run.points;
  }

  private table(): TableData {
    const { runs } = this;
    const { labels } = this.context;
    const steps = [...new Set(runs.flatMap((run) => this.pointsOf(run).map(([step]) => step)))].sort((a, b) => a - b);
    const every = Math.max(1, Math.ceil(steps.length / TABLE_ROWS));
    const maps = runs.map((run) => new Map(this.pointsOf(run)));
    return {
      columns: [{ name: labels.step }, ...runs.map(({ name }) => ({ name }))],
      rows: steps
        .filter((_, i) => i % every === 0 || i === steps.length - 1)
        .map((step) => [step, ...maps.map((map) => map.get(step))]),
    };
  }
}
