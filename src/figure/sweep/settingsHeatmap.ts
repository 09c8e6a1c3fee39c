import type { Labels } from "../../protocol/pageLabels.ts";
import type { FigureSpec, HeatmapPlot } from "../figureSpec.ts";
import type { TableCell } from "../tableText.ts";
import { fill } from "../valueText.ts";
import { judgedNote, mean, type JudgedRun, type JudgedSweep, type SweepMeasure } from "./judgedSweep.ts";
import { methodSetting, valueText, type SettingValue, type VariedSetting } from "./variedSettings.ts";

/** Numbers of more values than these are put into bins, of which there are so many. */
const MOST_VALUES = 12;
const BINS = 8;
/** The ends of bins are told with so many digits, the fewest that tell them apart. */
const LENGTHS = [2, 3, 4, 6, 9, 12];

/** A place along a side of the heatmap: a value, or a bin of values. */
interface Place {
  name: string;
  has: (value: SettingValue | undefined) => boolean;
}

/** The places of a setting: its values, or bins of equal width on its axis. */
export function placesOf({ values, scale }: VariedSetting): Place[] {
  if (scale === undefined || values.length <= MOST_VALUES)
    return values.map((value) => ({ name: valueText(value, values), has: (each) => each === value }));
  const numbers = values as readonly number[];
  const to = (x: number): number => (scale === "logarithmic" ? Math.log(x) : x);
  const from = (x: number): number => (scale === "logarithmic" ? Math.exp(x) : x);
  const [low, high] = [to(numbers[0]!), to(numbers.at(-1)!)];
  const edges = Array.from({ length: BINS + 1 }, (_, i) => low + ((high - low) * i) / BINS);
  const binOf = (value: number): number =>
    Math.min(BINS - 1, Math.max(0, Math.floor((BINS * (to(value) - low)) / (high - low))));
  const shortened = LENGTHS.map((digits) => edges.map((edge) => Number(from(edge).toPrecision(digits))));
  const short = shortened.find((each) => new Set(each).size === edges.length) ?? shortened.at(-1)!;
  return Array.from({ length: BINS }, (_, i) => ({
    name: `${valueText(short[i]!, short)}–${valueText(short[i + 1]!, short)}`,
    has: (value) => typeof value === "number" && binOf(value) === i,
  }));
}

/** What a heatmap of two settings shows: of several methods, one alone, since cells are means. */
export interface HeatmapAsked {
  across: VariedSetting;
  down: VariedSetting;
  measure: SweepMeasure;
  method?: SettingValue | undefined;
}

/** The method that a heatmap of two settings shows where none is asked for: that of the chosen combination. */
export function shownMethod(sweep: JudgedSweep, { across, down, method }: HeatmapAsked): SettingValue | undefined {
  const setting = methodSetting(sweep.settings);
  if (setting === undefined || setting === across || setting === down) return undefined;
  if (method !== undefined && setting.values.includes(method)) return method;
  return setting.of.get(sweep.best?.runs[0]?.id ?? "");
}

/** The mean of a measure over the runs of each pair of values of two settings; cells without a run are empty. */
export function settingsHeatmap(sweep: JudgedSweep, asked: HeatmapAsked, labels: Labels): FigureSpec<HeatmapPlot> {
  const { across, down, measure } = asked;
  const method = shownMethod(sweep, asked);
  const methods = methodSetting(sweep.settings);
  const runs = sweep.runs.filter(({ id }) => method === undefined || methods?.of.get(id) === method);
  const [columns, lines] = [placesOf(across), placesOf(down)];
  const valuesIn = (line: Place, column: Place): number[] =>
    runs
      .filter((run: JudgedRun) => line.has(down.of.get(run.id)) && column.has(across.of.get(run.id)))
      .flatMap((run) => measure.of(run) ?? []);
  const cells = lines.map((line) => columns.map((column) => valuesIn(line, column)));
  const means = cells.map((row) => row.map((values) => (values.length === 0 ? NaN : mean(values))));
  const known = means.flat().filter((value) => !Number.isNaN(value));
  const { factor, show } = measure;
  const scale: [number, number] =
    known.length === 0 ? [0, 1] : [factor * Math.min(...known), factor * Math.max(...known)];
  return {
    id: `settings-${down.key}-${across.key}`.replaceAll(".", "-"),
    title: [
      fill(labels.heatmapOfSettings, measure.name, down.name, across.name),
      ...(method === undefined ? [] : [valueText(method)]),
    ].join(": "),
    note: [labels.heatmapOfSettingsNote, judgedNote(sweep, labels)].join(" "),
    description: fill(labels.heatmapOfSettings, measure.name, down.name, across.name),
    plot: {
      kind: "heatmap",
      x: across.key,
      y: down.key,
      unit: measure.title,
      rows: means.map((row) => row.map((value) => factor * value)),
      scale,
      names: { x: columns.map(({ name }) => name), y: lines.map(({ name }) => name) },
    },
    table: () => ({
      columns: [{ name: down.key }, { name: across.key }, { name: measure.name, show }, { name: labels.runs }],
      rows: cells.flatMap((row, i) =>
        row.map((values, at): TableCell[] => [
          lines[i]!.name,
          columns[at]!.name,
          values.length === 0 ? undefined : mean(values),
          values.length,
        ]),
      ),
    }),
  };
}
