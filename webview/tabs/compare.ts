import { el } from "../dom.ts";
import { Figure, type FigureContext } from "../figure.ts";
import { IntervalChart, type IntervalRow } from "../chart/intervalChart.ts";
import { LineChart } from "../chart/lineChart.ts";
import type { RunCurves, HostMessage, RunChoice } from "../../src/protocol/hostToPage.ts";
import type { RunComparison } from "../../src/protocol/results/comparison.ts";
import { stableStyles } from "../chart/chartStyle.ts";
import type { TableData } from "../tableText.ts";
import type { Theme } from "../theme.ts";
import { fill, percent, signedPoints, pValueText } from "../text.ts";
import { shortNames } from "../shortNames.ts";
import { button, checkbox, select } from "../ui.ts";
import { RunPicker } from "./runPicker.ts";

type Compared = Extract<HostMessage, { type: "compared" }>;

/** Any number of runs: what differs, their curves, their results over seeds, and each against the first. */
export class CompareTab {
  readonly element = el("div", "", "tab");
  private readonly picker: RunPicker;
  private readonly said = el("p", "", "detail");
  private readonly wait = el("div", "", "actions");
  private readonly box = el("div", "", "tab");
  private readonly statistics = el("div", "", "tab");
  private figures: Figure[] = [];
  private statisticsFigures: Figure[] = [];
  private curves: LineChart | undefined;
  private curveFigure: Figure | undefined;
  private compared: Compared | undefined;
  private result: RunComparison | undefined;
  private correlation = false;
  private stale = false;
  private visible = false;

  constructor(private readonly context: FigureContext) {
    const { labels, state } = context;
    this.picker = new RunPicker(context, (ids) => {
      state.chosen = ids;
      context.save();
      this.ask();
    });
    this.said.setAttribute("role", "status");
    this.said.textContent = labels.chooseRuns;
    this.element.append(this.picker.element, this.said, this.wait, this.box, this.statistics);
  }

  runs(runs: readonly RunChoice[]): void {
    this.picker.update(runs, this.context.state.chosen);
  }

  choose(ids: readonly string[]): void {
    this.context.state.chosen = [...ids];
    this.context.save();
    this.picker.choose(ids);
    this.ask();
  }

  show(visible: boolean): void {
    const first = visible && !this.visible && this.compared === undefined;
    this.visible = visible;
    if (first) this.ask();
    else this.render();
  }

  compare(message: Compared): void {
    if (!this.isAsked(message.ids)) return;
    const names = shortNames(message.runs.map(({ name }) => name));
    this.compared = { ...message, runs: message.runs.map((run, i) => ({ ...run, name: names[i] ?? run.name })) };
    this.result = undefined;
    this.stale = true;
    this.render();
  }

  showStatistics({ ids, result, correlation, error }: Extract<HostMessage, { type: "statistics" }>): void {
    if (!this.isAsked(ids)) return;
    this.result = result;
    this.correlation = correlation === true;
    this.tell(
      error === undefined ? "" : fill(this.context.labels.comparisonFailed, error),
      error === undefined ? undefined : "again",
    );
    this.renderStatistics();
  }

  /** New points of a run at work. */
  curve(run: RunCurves): void {
    const known = this.compared?.runs.find(({ id }) => id === run.id);
    if (known === undefined) return;
    const first = run.points[0];
    if (first !== undefined) while ((known.points.at(-1)?.[0] ?? -1) >= first[0]) known.points.pop();
    for (const point of run.points) known.points.push(point);
    if (run.validation.length > 0) known.validation = run.validation;
    this.drawCurves();
  }

  paint(theme: Theme): void {
    for (const figure of [...this.figures, ...this.statisticsFigures]) figure.paint(theme);
  }

  private isAsked(ids: readonly string[]): boolean {
    return JSON.stringify(ids) === JSON.stringify(this.context.state.chosen);
  }

  private ask(): void {
    const {
      state: { chosen },
      labels,
      post,
    } = this.context;
    this.compared = undefined;
    this.result = undefined;
    this.stale = true;
    this.render();
    this.tell(chosen.length === 0 ? labels.chooseRuns : labels.comparing, chosen.length === 0 ? undefined : "cancel");
    if (chosen.length > 0) post({ type: "compare", ids: [...chosen] });
  }

  /** What the statistics are at, and what can be done about it: none of it lasts without a way out. */
  private tell(text: string, way: "cancel" | "again" | undefined): void {
    const { labels, post } = this.context;
    this.said.textContent = text;
    // To compare nothing ends the worker that compares.
    const cancel = (): void => {
      post({ type: "compare", ids: [] });
      this.tell(labels.comparisonStopped, "again");
    };
    this.wait.replaceChildren(
      ...(way === undefined
        ? []
        : [
            way === "cancel"
              ? button(labels.cancel, cancel)
              : button(labels.tryAgain, () => {
                  this.ask();
                }),
          ]),
    );
  }

  private render(): void {
    if (!this.visible || !this.stale) return;
    this.stale = false;
    for (const figure of this.figures) figure.destroy();
    this.figures = [];
    this.curves = undefined;
    this.renderStatistics();
    if (this.compared === undefined) {
      this.box.replaceChildren();
      return;
    }
    this.figures = [this.differingFigure(this.compared), this.curvesFigure()];
    this.box.replaceChildren(...this.diffTools(this.compared), ...this.figures.map(({ element }) => element));
    this.drawCurves();
  }

  private differingFigure({ runs, differing }: Compared): Figure {
    const { labels } = this.context;
    return new Figure(
      {
        id: "differing",
        wide: true,
        title: labels.differingTitle,
        note: differing.length === 0 ? labels.nothingDiffers : fill(labels.differingNote, differing.length),
        data: () => ({
          columns: [{ name: labels.setting }, ...runs.map(({ name }) => ({ name }))],
          rows: differing.map(({ key, values }) => [key, ...values]),
        }),
      },
      this.context,
    );
  }

  private curvesFigure(): Figure {
    const { labels, state } = this.context;
    const chart = new LineChart({ xTitle: labels.step, yTitle: "", scale: "linear" }, this.context.theme());
    this.curves = chart;
    const choice = select(
      labels.curve,
      [
        { value: "loss", text: labels.lossCurve },
        { value: "validation", text: labels.validationMetric },
      ],
      {
        value: state.choices["curve"] ?? "loss",
        onChange: (value) => {
          state.choices = { ...state.choices, curve: value };
          this.context.save();
          this.drawCurves();
        },
      },
    );
    const log = checkbox(labels.logScale, state.choices["curveLog"] === "yes", (on) => {
      state.choices = { ...state.choices, curveLog: on ? "yes" : "no" };
      this.context.save();
      this.drawCurves();
    });
    const tools = el("div", "", "actions");
    tools.append(choice, log);
    this.curveFigure = new Figure(
      {
        id: "curves",
        title: labels.curvesTitle,
        note: labels.curvesNote,
        drawing: chart,
        data: () => this.curveTable(),
        extra: [tools],
      },
      this.context,
    );
    return this.curveFigure;
  }

  private drawCurves(): void {
    const chart = this.curves;
    const { labels, state } = this.context;
    if (chart === undefined || this.compared === undefined) return;
    const metric = state.choices["curve"] === "validation";
    const styles = stableStyles(this.compared.ids);
    chart.clear({
      xTitle: labels.step,
      yTitle: metric ? labels.validationMetric : `${labels.loss} (${labels.nats})`,
      scale: state.choices["curveLog"] === "yes" && !metric ? "logarithmic" : "linear",
    });
    for (const { id, name, points: loss, validation } of this.compared.runs)
      chart.append(
        name,
        (metric ? validation : loss).map(([x, y]) => ({ x, y })),
        { marks: metric, style: styles.get(id) ?? 0 },
      );
    chart.draw(
      this.compared.runs
        .map(({ name, points: loss }) => `${name}: ${loss.at(-1)?.[1].toPrecision(3) ?? labels.none}`)
        .join("; "),
    );
    this.curveFigure?.refresh();
  }

  private curveTable(): TableData {
    const { labels, state } = this.context;
    const metric = state.choices["curve"] === "validation";
    const runs = this.compared?.runs ?? [];
    const of = (run: RunCurves): readonly [number, number][] => (metric ? run.validation : run.points);
    const steps = [...new Set(runs.flatMap((run) => of(run).map(([step]) => step)))].sort((a, b) => a - b);
    const every = Math.max(1, Math.ceil(steps.length / 400));
    const maps = runs.map((run) => new Map(of(run)));
    return {
      columns: [{ name: labels.step }, ...runs.map(({ name }) => ({ name }))],
      rows: steps
        .filter((_, i) => i % every === 0 || i === steps.length - 1)
        .map((step) => [step, ...maps.map((map) => map.get(step))]),
    };
  }

  /** The code of two runs, side by side in the editor. */
  private diffTools({ runs }: Compared): HTMLElement[] {
    const committed = runs.filter(({ commit }) => commit !== undefined);
    const { labels, post } = this.context;
    if (committed.length < 2) return runs.length < 2 ? [] : [el("p", labels.noCommits, "detail")];
    let [from, to] = [committed[0]!.id, committed[1]!.id];
    const tools = el("div", "", "actions");
    const choices = committed.map(({ id, name }) => ({ value: id, text: name }));
    tools.append(
      select(labels.codeOf, choices, {
        value: from,
        onChange: (value) => {
          from = value;
        },
      }),
      select(labels.against, choices, {
        value: to,
        onChange: (value) => {
          to = value;
        },
      }),
      button(labels.compareCode, () => {
        post({ type: "diff", from, to });
      }),
    );
    return [tools];
  }

  private renderStatistics(): void {
    for (const figure of this.statisticsFigures) figure.destroy();
    this.statisticsFigures =
      this.result === undefined || this.compared === undefined || !this.visible
        ? []
        : this.statisticsOf(this.result, this.compared);
    this.statistics.replaceChildren(...this.statisticsFigures.map(({ element }) => element));
  }

  private statisticsOf(result: RunComparison, compared: Compared): Figure[] {
    const { labels } = this.context;
    const {
      comparison: { metric, rows, warnings },
      pairs,
      reference,
    } = result;
    const whole = this.correlation;
    const scale = whole ? 1 : 100;
    const value = (x: number): string => (whole ? x.toFixed(3) : percent(x));
    const tested = rows.filter(({ test }) => test !== undefined);
    const nameOf = (id: string): string => compared.runs.find((run) => run.id === id)?.name ?? id;
    const seeds = tested.map(({ label, test, values }): IntervalRow => ({
      label,
      value: scale * test!.mean,
      low: test!.interval && scale * test!.interval[0],
      high: test!.interval && scale * test!.interval[1],
      dots: values.length > 1 ? values.map((x) => scale * x) : [],
    }));
    const chart = new IntervalChart(
      [{ name: metric, rows: seeds }],
      { xTitle: whole ? metric : `${metric} (%)`, zero: false },
      this.context.theme(),
    );
    chart.describe(seeds.map(({ label, value: x }) => `${label}: ${x.toFixed(1)}`).join("; "));
    const overSeeds = new Figure(
      {
        id: "seeds",
        title: fill(labels.seedsTitle, metric),
        note: [labels.seedsNote, ...warnings].join(" "),
        drawing: chart,
        data: () => ({
          columns: [
            { name: labels.model },
            { name: labels.parameters },
            { name: metric, show: value },
            { name: labels.low, show: value },
            { name: labels.high, show: value },
            { name: labels.seeds },
          ],
          rows: tested.map(({ label, trainable, test, seeds: own }) => [
            label,
            trainable,
            test!.mean,
            test!.interval?.[0],
            test!.interval?.[1],
            own.length,
          ]),
        }),
      },
      this.context,
    );
    return [
      overSeeds,
      ...this.costFigure(tested, metric, scale),
      ...(pairs.length === 0 ? [] : [this.pairFigure(pairs, nameOf, nameOf(reference))]),
    ];
  }

  /** What the parameters buy: a point for each method or setting. */
  private costFigure(rows: RunComparison["comparison"]["rows"], metric: string, scale: number): Figure[] {
    const { labels } = this.context;
    const known = rows.filter(({ trainable }) => trainable !== undefined);
    if (new Set(known.map(({ trainable }) => trainable)).size < 2) return [];
    const chart = new LineChart(
      { xTitle: labels.parameters, yTitle: metric, scale: "linear", xScale: "logarithmic" },
      this.context.theme(),
    );
    for (const { label, trainable, test } of known)
      chart.append(
        label,
        [
          {
            x: trainable!,
            y: scale * test!.mean,
            low: test!.interval && scale * test!.interval[0],
            high: test!.interval && scale * test!.interval[1],
          },
        ],
        { marks: true, alone: true },
      );
    chart.draw(labels.costTitle);
    return [
      new Figure(
        {
          id: "cost",
          title: labels.costTitle,
          note: labels.seedsNote,
          drawing: chart,
          data: () => ({
            columns: [{ name: labels.model }, { name: labels.parameters }, { name: metric }],
            rows: known.map(({ label, trainable, test }) => [label, trainable, test!.mean]),
          }),
        },
        this.context,
      ),
    ];
  }

  private pairFigure(pairs: RunComparison["pairs"], nameOf: (id: string) => string, reference: string): Figure {
    const { labels } = this.context;
    const known = pairs.flatMap(({ id, difference, holmP }) =>
      difference === undefined ? [] : [{ id, right: difference.right, difference, holmP }],
    );
    const chart = new IntervalChart(
      [
        {
          name: reference,
          rows: known.map(({ id, right }) => ({
            label: nameOf(id),
            value: 100 * right.difference,
            low: 100 * right.interval[0],
            high: 100 * right.interval[1],
          })),
        },
      ],
      { xTitle: labels.pointsUnit, zero: true },
      this.context.theme(),
    );
    chart.describe(known.map(({ id, right }) => `${nameOf(id)}: ${signedPoints(right.difference)}`).join("; "));
    const show = (x: number): string => signedPoints(x / 100);
    const reason = (why: string | undefined): string => (why === "untested" ? labels.untested : labels.otherExamples);
    const data = (): TableData => ({
      columns: [
        { name: labels.run },
        { name: labels.difference, unit: labels.pointsUnit, show },
        { name: labels.low, unit: labels.pointsUnit, show },
        { name: labels.high, unit: labels.pointsUnit, show },
        { name: labels.pHolm, show: pValueText },
        { name: "n" },
        { name: labels.verdict },
      ],
      rows: pairs.map(({ id, difference: d, holmP, reason: why }) =>
        d === undefined
          ? [nameOf(id), undefined, undefined, undefined, undefined, undefined, reason(why)]
          : [
              nameOf(id),
              100 * d.right.difference,
              100 * d.right.interval[0],
              100 * d.right.interval[1],
              holmP,
              d.n,
              d.right.found ? labels.different : fill(labels.notFound, (100 * d.right.detectable).toFixed(1)),
            ],
      ),
    });
    return new Figure(
      {
        id: "pairs",
        title: fill(labels.pairsTitle, reference),
        note: fill(labels.bootstrapNote, known[0]?.difference.n ?? 0),
        drawing: known.length === 0 ? undefined : chart,
        data,
      },
      this.context,
    );
  }
}
