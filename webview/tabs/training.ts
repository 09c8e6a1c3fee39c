import { sizesText } from "../../src/protocol/sizesText.ts";
import { el } from "../dom.ts";
import { Figure, type FigureContext } from "../figure.ts";
import { AnalysisCard } from "../analysisCard.ts";
import { LineChart } from "../chart/lineChart.ts";
import type { AnalysisView, RunView, StepPoint } from "../../src/protocol/hostToPage.ts";
import type { TableData } from "../../src/figure/tableText.ts";
import {
  lossFigure,
  metricFigure,
  stepsFigure,
  type StepMeasure,
  type Training,
} from "../../src/figure/trainingFigures.ts";
import type { FigureSpec, LinesPlot } from "../../src/figure/figureSpec.ts";
import type { Labels } from "../../src/protocol/pageLabels.ts";
import type { Theme } from "../theme.ts";
import { capital, fill, percent, signedPoints } from "../../src/figure/valueText.ts";
import { checkbox } from "../ui.ts";
import type { Stability } from "../../src/protocol/results/stability.ts";

const MEGABYTE = 2 ** 20;
const GROUPS = ["learningRate", "gradientNorm", "updateRatio"] as const;
/** What the curves are drawn of before the host has said anything of the run. */
const UNSEEN: Training["view"] = {
  metric: "",
  metricName: "",
  correlation: false,
  record: { evaluations: [], steps: 0 },
};

/** A chart over the steps, with the description that it draws. */
interface Curve {
  spec: () => FigureSpec<LinesPlot>;
  chart: LineChart;
  figure: Figure;
}

/** What each step says beside its loss. */
const stepMeasures = (labels: Labels): StepMeasure[] => [
  ...GROUPS.map((id): StepMeasure => ({ id, title: labels[id], scale: "logarithmic", of: (point) => point[id] })),
  {
    id: "speed",
    title: labels.tokensPerSecond,
    scale: "linear",
    of: ({ tokensPerSecond }) => ({ [labels.tokens]: tokensPerSecond }),
  },
  {
    id: "memory",
    title: labels.memory,
    scale: "linear",
    of: ({ memory }): Record<string, number> => (memory === undefined ? {} : { [labels.worker]: memory / MEGABYTE }),
  },
];

/** The training tab: curves of loss, metric, learning rates, gradients and updates; results, alerts and facts. */
export class TrainingTab {
  readonly element = el("div", "", "tab");
  private readonly warnings = el("section");
  private readonly results = el("div");
  private readonly facts = el("section");
  private readonly loss: Curve;
  private readonly metric: Curve;
  private readonly small: Curve[];
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
    this.loss = this.curve(() => lossFigure(this.training, state.log ? "logarithmic" : "linear", labels), {
      size: "normal",
      extra: [
        checkbox(labels.logScale, state.log, (on) => {
          state.log = on;
          context.save();
          this.drawCurve(this.loss);
        }),
      ],
    });
    this.metric = this.curve(() => metricFigure(this.training, labels), { size: "normal" });
    this.small = stepMeasures(labels).map((measure) =>
      this.curve(() => stepsFigure(this.training, measure, labels), { size: "small" }),
    );
    this.card = new AnalysisCard(labels.stability, labels, context.post);
    const row = el("div", "", "row");
    row.append(...this.small.map(({ figure }) => figure.element));
    this.curves.append(this.loss.figure.element, this.metric.figure.element, row);
    this.element.append(this.warnings, this.results, this.curves, this.card.element, this.stability, this.facts);
  }

  update(view: RunView, added: readonly StepPoint[]): void {
    this.view_ = view;
    const first = added[0];
    if (first !== undefined) while ((this.points.at(-1)?.step ?? -1) >= first.step) this.points.pop();
    for (const point of added) this.points.push(point);
    this.draw();
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
    for (const { figure } of [this.loss, this.metric, ...this.small]) figure.paint(theme);
  }
  show(): void {
    /* its charts are there from the start */
  }

  private get training(): Training {
    return { points: this.points, view: this.view_ ?? UNSEEN };
  }

  private curve(
    spec: () => FigureSpec<LinesPlot>,
    { size, extra = [] }: { size: "normal" | "small"; extra?: readonly HTMLElement[] },
  ): Curve {
    const { id, title, note, plot } = spec();
    const chart = new LineChart(plot!, size, this.context.theme());
    const data = (): TableData => spec().table();
    return { spec, chart, figure: new Figure({ id, title, note, drawing: chart, data, extra }, this.context) };
  }

  /** Draws a curve as far as the run has come; one without points is hidden. */
  private drawCurve({ spec, chart, figure }: Curve): void {
    const { plot, description } = spec();
    chart.show(plot!);
    chart.describe(description);
    figure.refresh();
    if (figure !== this.loss.figure) figure.element.hidden = !plot!.series.some(({ points }) => points.length > 0);
  }

  private draw(): void {
    for (const curve of [this.loss, this.metric, ...this.small]) this.drawCurve(curve);
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
