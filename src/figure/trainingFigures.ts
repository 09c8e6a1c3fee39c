import type { Labels } from "../protocol/pageLabels.ts";
import type { RunView, StepPoint } from "../protocol/hostToPage.ts";
import type { FigureSpec, LinesPlot, Point, Scale } from "./figureSpec.ts";
import type { TableData } from "./tableText.ts";
import { capital, fill } from "./valueText.ts";

const TABLE_ROWS = 200;

/** A run's training so far: its steps, and the record with its evaluations and planned steps. */
export interface Training {
  points: readonly StepPoint[];
  view: Pick<RunView, "metric" | "metricName" | "correlation"> & {
    record: Pick<RunView["record"], "evaluations" | "steps">;
  };
}

const validationOf = ({ view: { record } }: Training): RunView["record"]["evaluations"] =>
  record.evaluations.filter(({ split, label }) => split === "validation" && label === "trained");

/** Evenly spaced steps, at most TABLE_ROWS, the last one included. */
function thinned(points: readonly StepPoint[]): readonly StepPoint[] {
  const every = Math.max(1, Math.ceil(points.length / TABLE_ROWS));
  return points.filter((_, index) => index % every === 0 || index === points.length - 1);
}

/** The training loss of every step, and the loss on the validation split. */
export function lossFigure(training: Training, scale: Scale, labels: Labels): FigureSpec<LinesPlot> {
  const { points, view } = training;
  const validation = validationOf(training);
  const [from, to] = [points[0], points.at(-1)];
  return {
    id: "loss",
    title: labels.loss,
    note: labels.lossNote,
    description:
      from === undefined || to === undefined
        ? labels.loss
        : fill(labels.lossOf, from.loss.toPrecision(3), to.loss.toPrecision(3), to.step),
    plot: {
      kind: "lines",
      x: { title: labels.step, scale: "linear", end: view.record.steps },
      y: { title: `${labels.loss} (${labels.nats})`, scale },
      series: [
        {
          name: labels.training,
          style: 0,
          look: "line",
          points: points.map(({ step, loss }) => ({ x: step, y: loss })),
        },
        ...(validation.length === 0
          ? []
          : [
              {
                name: labels.validation,
                style: 1,
                look: "marked" as const,
                points: validation.map(({ step, loss }) => ({ x: step, y: loss })),
              },
            ]),
      ],
    },
    table: () => lossTable(training, labels),
  };
}

function lossTable(training: Training, labels: Labels): TableData {
  const validation = new Map(validationOf(training).map(({ step, loss }) => [step, loss]));
  const rows = new Map(thinned(training.points).map(({ step, loss }) => [step, loss as number | undefined]));
  for (const step of validation.keys())
    if (!rows.has(step)) rows.set(step, training.points.find((point) => point.step === step)?.loss);
  return {
    columns: [
      { name: labels.step },
      { name: labels.training, unit: labels.nats },
      { name: labels.validation, unit: labels.nats },
    ],
    rows: [...rows].sort(([a], [b]) => a - b).map(([step, loss]) => [step, loss, validation.get(step)]),
  };
}

/** The metric on the validation split, each time it was evaluated: a share in percent, a correlation as it is. */
export function metricFigure(training: Training, labels: Labels): FigureSpec<LinesPlot> {
  const { metric, metricName, correlation, record } = training.view;
  const validation = validationOf(training);
  const scale = correlation ? 1 : 100;
  const valueOf = (metrics: Readonly<Record<string, number>>): number => metrics[metric] ?? NaN;
  return {
    id: "metric",
    title: labels.validationMetric,
    note: labels.metricNote,
    description: `${labels.validationMetric}: ${validation.map(({ step, metrics }) => `${step}: ${valueOf(metrics).toFixed(3)}`).join(", ")}`,
    plot: {
      kind: "lines",
      x: { title: labels.step, scale: "linear", end: record.steps },
      y: { title: labels.metric, scale: "linear" },
      series: [
        {
          name: capital(metricName),
          style: 0,
          look: "marked",
          points: validation.map(({ step, metrics }) => ({ x: step, y: scale * valueOf(metrics) })),
        },
      ],
    },
    table: () => ({
      columns: [{ name: labels.step }, { name: metricName }, { name: labels.loss, unit: labels.nats }],
      rows: validation.map(({ step, metrics, loss }) => [step, metrics[metric], loss]),
    }),
  };
}

/** What a step says beside its loss: values by name, such as one for each component. */
export interface StepMeasure {
  id: string;
  title: string;
  scale: Scale;
  of: (point: StepPoint) => Record<string, number>;
}

/** One measure of every step, a line for each of its names. */
export function stepsFigure(
  { points, view }: Training,
  { id, title, scale, of }: StepMeasure,
  labels: Labels,
): FigureSpec<LinesPlot> {
  const names = new Set<string>();
  for (const point of points) for (const name of Object.keys(of(point))) names.add(name);
  const to = points.at(-1);
  const last = Object.entries(to === undefined ? {} : of(to))
    .map(([name, value]) => `${name} ${value.toPrecision(3)}`)
    .join(", ");
  return {
    id,
    title,
    note: "",
    description: last === "" ? title : `${title}: ${last}`,
    plot: {
      kind: "lines",
      x: { title: labels.step, scale: "linear", end: view.record.steps },
      y: { title: "", scale },
      series: [...names].map((name, style) => ({
        name,
        style,
        look: "line",
        points: points.map((point): Point => ({ x: point.step, y: of(point)[name] ?? NaN })),
      })),
    },
    table: () => ({
      columns: [{ name: labels.step }, ...[...names].map((name) => ({ name }))],
      rows: thinned(points).map((point) => [point.step, ...[...names].map((name) => of(point)[name])]),
    }),
  };
}
