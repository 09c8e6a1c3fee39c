import { sizesText } from "../../src/protocol/sizesText.ts";
import { el } from "../dom.ts";
import { Figure, type FigureContext } from "../figure.ts";
import { AnalysisCard } from "../analysisCard.ts";
import { LineChart } from "../chart/lineChart.ts";
import type { AnalysisView, RunView, StepPoint } from "../../src/protocol/hostToPage.ts";
import type { TableData } from "../tableText.ts";
import type { Theme } from "../theme.ts";
import { capital, fill, percent, signedPoints } from "../text.ts";
import { checkbox } from "../ui.ts";
import type { Stability } from "../../src/protocol/results/stability.ts";

const TABLE_ROWS = 200;
const MEGABYTE = 2 ** 20;
const GROUPS = ["learningRate", "gradientNorm", "updateRatio"] as const;

interface Small {
  id: string;
  chart: LineChart;
  figure: Figure;
  title: string;
  of: (point: StepPoint) => Record<string, number>;
}

/** The training tab: curves of loss, metric, learning rates, gradients and updates; results, alerts and facts. */
export class TrainingTab {
  readonly element = el("div", "", "tab");
  private readonly warnings = el("section");
  private readonly results = el("div");
  private readonly facts = el("section");
  private readonly loss: LineChart;
  private readonly metric: LineChart;
  private readonly lossFigure: Figure;
  private readonly metricFigure: Figure;
  private readonly small: Small[];
  private readonly points: StepPoint[] = [];
  private readonly card: AnalysisCard;
  private readonly stability = el("div");
  private readonly curves = el("div", "", "tab");
  private view_: RunView | undefined;
  private shownFacts = "";
  private shownResults = "";
  private shownWarnings = "";

  constructor(private readonly context: FigureContext) {
    const { labels, state } = context;
    const theme = context.theme();
    this.loss = new LineChart(
      { xTitle: labels.step, yTitle: `${labels.loss} (${labels.nats})`, scale: state.log ? "logarithmic" : "linear" },
      theme,
    );
    this.metric = new LineChart({ xTitle: labels.step, yTitle: labels.metric, scale: "linear" }, theme);
    const log = checkbox(labels.logScale, state.log, (on) => {
      state.log = on;
      context.save();
      this.loss.setScale(on ? "logarithmic" : "linear");
    });
    this.lossFigure = new Figure(
      {
        id: "loss",
        title: labels.loss,
        note: labels.lossNote,
        drawing: this.loss,
        data: () => this.lossTable(),
        extra: [log],
      },
      context,
    );
    this.metricFigure = new Figure(
      {
        id: "metric",
        title: labels.validationMetric,
        note: labels.metricNote,
        drawing: this.metric,
        data: () => this.metricTable(),
      },
      context,
    );
    this.small = [
      ...GROUPS.map((key) => this.smallChart(key, labels[key], (point) => point[key], "logarithmic")),
      this.smallChart(
        "speed",
        labels.tokensPerSecond,
        (point) => ({ [labels.tokens]: point.tokensPerSecond }),
        "linear",
      ),
      this.smallChart(
        "memory",
        labels.memory,
        (point): Record<string, number> =>
          point.memory === undefined ? {} : { [labels.worker]: point.memory / MEGABYTE },
        "linear",
      ),
    ];
    this.card = new AnalysisCard(labels.stability, labels, context.post);
    const row = el("div", "", "row");
    row.append(...this.small.map(({ figure }) => figure.element));
    this.curves.append(this.lossFigure.element, this.metricFigure.element, row);
    this.element.append(this.warnings, this.results, this.curves, this.card.element, this.stability, this.facts);
  }

  update(view: RunView, added: readonly StepPoint[]): void {
    this.view_ = view;
    const first = added[0];
    if (first !== undefined) while ((this.points.at(-1)?.step ?? -1) >= first.step) this.points.pop();
    for (const point of added) this.points.push(point);
    this.draw(added);
    this.showResults(view);
    this.showFacts(view);
    this.showWarnings(view);
    // A run that failed before its first step has no curves.
    this.curves.hidden = this.points.length === 0 && !view.live;
  }

  analysis(view: AnalysisView, result: unknown): void {
    if (view.name !== "stability") return;
    this.card.update(view);
    if (result === undefined) return;
    const { labels } = this.context;
    const { components } = result as Stability;
    const ratio = (x: number): string => x.toExponential(1);
    const data = (): TableData => ({
      columns: [
        { name: labels.component },
        { name: labels.learningRate },
        { name: labels.updateMedian, show: ratio },
        { name: labels.updateMost, show: ratio },
        { name: labels.gradientMedian, show: ratio },
        { name: labels.gradientMost, show: ratio },
        { name: labels.spikes },
        { name: labels.still, show: percent },
        { name: labels.advice },
      ],
      rows: components.map(({ group, rate, ratio: r, gradient, spikes, still, advice }) => [
        group,
        rate,
        r.median,
        r.most,
        gradient.median,
        gradient.most,
        spikes,
        still,
        advice === undefined ? labels.none : fill(labels.tryRate, advice.rate, advice.why),
      ]),
    });
    this.stability.replaceChildren(
      new Figure(
        { id: "stability", wide: true, title: labels.stabilityTitle, note: labels.stabilityNote, data },
        this.context,
      ).element,
    );
  }

  paint(theme: Theme): void {
    for (const figure of [this.lossFigure, this.metricFigure, ...this.small.map((each) => each.figure)])
      figure.paint(theme);
  }
  show(): void {
    /* its charts are there from the start */
  }

  private smallChart(id: string, title: string, of: Small["of"], scale: "linear" | "logarithmic"): Small {
    const chart = new LineChart(
      { xTitle: this.context.labels.step, yTitle: "", scale, small: true },
      this.context.theme(),
    );
    const data = (): TableData => {
      const rows = this.thinned();
      const names = [...new Set(rows.flatMap((point) => Object.keys(of(point))))];
      return {
        columns: [{ name: this.context.labels.step }, ...names.map((name) => ({ name }))],
        rows: rows.map((point) => [point.step, ...names.map((name) => of(point)[name])]),
      };
    };
    return { id, chart, title, of, figure: new Figure({ id, title, note: "", drawing: chart, data }, this.context) };
  }

  private draw(added: readonly StepPoint[]): void {
    const {
      context: { labels },
      view_: view,
    } = this;
    if (view === undefined) return;
    const { record } = view;
    const to = this.points.at(-1);
    const from = this.points[0];
    for (const chart of [this.loss, this.metric, ...this.small.map((each) => each.chart)]) chart.setEnd(record.steps);
    this.loss.append(
      labels.training,
      added.map(({ step, loss }) => ({ x: step, y: loss })),
    );
    const validation = record.evaluations.filter((e) => e.split === "validation" && e.label === "trained");
    if (validation.length > 0) {
      this.loss.append(
        labels.validation,
        validation.map(({ step, loss }) => ({ x: step, y: loss })),
        { marks: true },
      );
      const scale = view.correlation ? 1 : 100;
      this.metric.append(
        capital(view.metricName),
        validation.map(({ step, metrics }) => ({ x: step, y: scale * (metrics[view.metric] ?? NaN) })),
        { marks: true },
      );
      this.metric.draw(
        `${labels.validationMetric}: ${validation.map(({ step, metrics }) => `${step}: ${(metrics[view.metric] ?? NaN).toFixed(3)}`).join(", ")}`,
      );
    }
    this.metricFigure.element.hidden = validation.length === 0;
    this.loss.draw(
      from === undefined || to === undefined
        ? labels.loss
        : fill(labels.lossOf, from.loss.toPrecision(3), to.loss.toPrecision(3), to.step),
    );
    for (const { chart, of, title, figure } of this.small) {
      for (const name of new Set(added.flatMap((point) => Object.keys(of(point)))))
        chart.append(
          name,
          added.map((point) => ({ x: point.step, y: of(point)[name] ?? NaN })),
        );
      const last = Object.entries(to === undefined ? {} : of(to))
        .map(([name, value]) => `${name} ${value.toPrecision(3)}`)
        .join(", ");
      chart.draw(last === "" ? title : `${title}: ${last}`);
      figure.element.hidden = last === "";
      figure.refresh();
    }
    this.lossFigure.refresh();
    this.metricFigure.refresh();
  }

  /** Evenly spaced steps, at most TABLE_ROWS, the last one included. */
  private thinned(): StepPoint[] {
    const every = Math.max(1, Math.ceil(this.points.length / TABLE_ROWS));
    return this.points.filter((_, index) => index % every === 0 || index === this.points.length - 1);
  }

  private lossTable(): TableData {
    const { labels } = this.context;
    const validation = new Map(
      this.view_?.record.evaluations
        .filter((e) => e.split === "validation" && e.label === "trained")
        .map((e) => [e.step, e.loss]),
    );
    const rows = new Map(this.thinned().map(({ step, loss }) => [step, loss as number | undefined]));
    for (const step of validation.keys())
      if (!rows.has(step)) rows.set(step, this.points.find((point) => point.step === step)?.loss);
    return {
      columns: [
        { name: labels.step },
        { name: labels.training, unit: labels.nats },
        { name: labels.validation, unit: labels.nats },
      ],
      rows: [...rows].sort(([a], [b]) => a - b).map(([step, loss]) => [step, loss, validation.get(step)]),
    };
  }

  private metricTable(): TableData {
    const { labels } = this.context;
    const view = this.view_;
    return {
      columns: [
        { name: labels.step },
        { name: view?.metricName ?? labels.metric },
        { name: labels.loss, unit: labels.nats },
      ],
      rows: (view?.record.evaluations ?? [])
        .filter((e) => e.split === "validation" && e.label === "trained")
        .map(({ step, metrics, loss }) => [step, metrics[view?.metric ?? ""], loss]),
    };
  }

  private showResults({ record, metric, metricName, correlation, live }: RunView): void {
    const { labels } = this.context;
    const of = (label: string) =>
      record.evaluations.findLast((e) => e.split === "test" && e.label === label)?.metrics[metric];
    const key = JSON.stringify([record.evaluations.length, record.majority, live]);
    if (key === this.shownResults) return;
    this.shownResults = key;
    const trained = of("trained");
    const shown = (value: number): string => (correlation ? value.toFixed(3) : percent(value));
    const apart = (value: number): string => (correlation ? value.toFixed(3) : signedPoints(value));
    const all: [string, number | undefined][] = [
      [labels.trained, trained],
      [labels.majority, metric === "accuracy" ? record.majority : undefined],
      [labels.untrained, of("untrained")],
      [labels.ffnOff, of("ffn-off")],
      [labels.promptOff, of("prompt-off")],
      [labels.positionsOff, of("positions-off")],
    ];
    const rows = all.filter(([name, value]) => value !== undefined || name === labels.trained);
    const n = record.evaluations.findLast((e) => e.split === "test")?.examples;
    const data = (): TableData => ({
      columns: [
        { name: labels.model },
        { name: capital(metricName), show: shown },
        { name: correlation ? labels.differencePlain : labels.differencePoints, show: apart },
      ],
      rows: rows.map(([name, value]) => [
        name,
        value ?? (live ? labels.notMeasured : "—"),
        value === undefined || trained === undefined || name === labels.trained ? undefined : trained - value,
      ]),
    });
    this.results.replaceChildren(
      new Figure(
        {
          id: "results",
          title: fill(labels.testOf, metricName),
          note: n === undefined ? labels.notMeasured : fill(labels.testNote, n),
          data,
        },
        this.context,
      ).element,
    );
  }

  private showFacts({ record, adapterPath, measured, precision, memory, gpu }: RunView): void {
    const { labels } = this.context;
    const { examples, lastStep } = record;
    const shape = sizesText(record.sizes, " = ");
    const rows: [string, string | undefined][] = [
      [labels.run, record.id],
      [labels.method, record.method],
      [labels.task, record.task],
      [labels.backbone, record.backbone],
      [labels.seed, String(record.seed)],
      [labels.parameters, record.trainable === undefined ? undefined : `${record.trainable.toLocaleString()}${shape}`],
      [labels.device, record.device ?? record.engine?.name],
      [labels.measured, measured],
      [labels.narrowWeights, precision],
      [labels.memoryForecast, memory],
      [labels.gpu, gpu],
      [labels.examples, examples && `${examples.train} / ${examples.validation} / ${examples.test}`],
      [labels.speed, lastStep && `${Math.round(lastStep.tokensPerSecond).toLocaleString()} / s`],
      [labels.tags, record.tags.join(", ") || undefined],
      [labels.note, record.note || undefined],
      [labels.adapter, adapterPath],
      [labels.commit, record.resultCommit ?? record.snapshotCommit ?? record.gitMessage],
    ];
    const key = JSON.stringify(rows);
    if (key === this.shownFacts) return;
    this.shownFacts = key;
    const list = el("dl");
    for (const [name, value] of rows) if (value !== undefined) list.append(el("dt", name), el("dd", value));
    this.facts.replaceChildren(el("h2", labels.facts), list);
  }

  private showWarnings({ record: { warnings } }: RunView): void {
    const key = warnings.join("\n");
    if (key === this.shownWarnings) return;
    this.shownWarnings = key;
    const list = el("ul");
    list.append(...warnings.map((text) => el("li", text)));
    this.warnings.replaceChildren(...(warnings.length > 0 ? [el("h2", this.context.labels.warnings), list] : []));
  }
}
