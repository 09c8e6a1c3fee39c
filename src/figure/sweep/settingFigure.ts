import type { Labels } from "../../protocol/pageLabels.ts";
import type { FigureSpec, IntervalsPlot, LineSeries, LinesPlot, Point } from "../figureSpec.ts";
import type { TableCell, TableData } from "../tableText.ts";
import { fill } from "../valueText.ts";
import { chosenOf, combinationsOf, judgedNote, mean } from "./judgedSweep.ts";
import type { JudgedRun, JudgedSweep, SweepMeasure } from "./judgedSweep.ts";
import { methodSetting, settingAxis, valueText, type SettingValue, type VariedSetting } from "./variedSettings.ts";

/** More values than these are marked without a line, which would join what is not in order. */
const MOST_JOINED = 12;

/** The best combination of a group at one value of a setting, over its seeds; and the runs at that value. */
interface AtValue {
  value: SettingValue;
  /** Raw values, as stored. */
  middle: number | undefined;
  low: number | undefined;
  high: number | undefined;
  seeds: number;
  runs: readonly JudgedRun[];
}

interface Group {
  name: string;
  at: readonly AtValue[];
}

/** What is shown of a sweep: one setting, by one measure, with chosen runs marked. */
export interface SettingAsked {
  setting: VariedSetting;
  measure: SweepMeasure;
  /** Ids of runs that stand out. */
  chosen?: ReadonlySet<string> | undefined;
}

function atValues(runs: readonly JudgedRun[], sweep: JudgedSweep, { setting, measure }: SettingAsked): AtValue[] {
  return setting.values.flatMap((value) => {
    const own = runs.filter(({ id }) => setting.of.get(id) === value);
    if (own.length === 0) return [];
    const best = chosenOf(combinationsOf(own, sweep.settings), sweep);
    const values = (best?.runs ?? []).map(measure.of).filter((each) => each !== undefined);
    const several = values.length > 1;
    return [
      {
        value,
        middle: values.length === 0 ? undefined : mean(values),
        low: several ? Math.min(...values) : undefined,
        high: several ? Math.max(...values) : undefined,
        seeds: values.length,
        runs: own,
      },
    ];
  });
}

/** One group for each method, unless the setting is the method itself. */
function groupsOf(sweep: JudgedSweep, asked: SettingAsked): Group[] {
  const method = methodSetting(sweep.settings);
  if (method === undefined || method === asked.setting)
    return [{ name: asked.measure.name, at: atValues(sweep.runs, sweep, asked) }];
  return method.values.flatMap((name) => {
    const at = atValues(
      sweep.runs.filter(({ id }) => method.of.get(id) === name),
      sweep,
      asked,
    );
    return at.length === 0 ? [] : [{ name: String(name), at }];
  });
}

const scaled = (value: number | undefined, factor: number): number | undefined =>
  value === undefined ? undefined : factor * value;

function numbersPlot(groups: readonly Group[], { setting, measure, chosen }: SettingAsked, labels: Labels): LinesPlot {
  const { of, factor } = measure;
  const dotsOf = (at: readonly AtValue[], fits: (id: string) => boolean): Point[] =>
    at.flatMap(({ value, runs }) =>
      runs.flatMap((run) => {
        const y = scaled(of(run), factor);
        return y === undefined || !fits(run.id) ? [] : [{ x: value as number, y }];
      }),
    );
  const series = groups.map(({ name, at }, style): LineSeries => ({
    name,
    style,
    look: at.length > MOST_JOINED ? "marks" : "marked",
    dots: dotsOf(at, () => true),
    points: at.flatMap(({ value, middle, low, high }) =>
      middle === undefined
        ? []
        : [
            {
              x: value as number,
              y: factor * middle,
              low: scaled(low, factor),
              high: scaled(high, factor),
            },
          ],
    ),
  }));
  const selected = dotsOf(
    groups.flatMap(({ at }) => at),
    (id) => chosen?.has(id) === true,
  );
  return {
    kind: "lines",
    x: settingAxis(setting, setting.key),
    y: { title: measure.title, scale: "linear" },
    series: [
      ...series,
      ...(selected.length === 0
        ? []
        : [{ name: labels.chosenRuns, style: groups.length, look: "marks" as const, points: selected }]),
    ],
  };
}

function categoriesPlot(groups: readonly Group[], { measure, chosen }: SettingAsked, labels: Labels): IntervalsPlot {
  const { of, factor } = measure;
  const values = (runs: readonly JudgedRun[]): number[] => runs.flatMap((run) => scaled(of(run), factor) ?? []);
  const drawn = groups.map(({ name, at }) => ({
    name,
    rows: at.flatMap(({ value, middle, low, high, runs }) =>
      middle === undefined
        ? []
        : [
            {
              label: String(value),
              value: factor * middle,
              low: scaled(low, factor),
              high: scaled(high, factor),
              dots: values(runs),
            },
          ],
    ),
  }));
  const selected = groups.flatMap(({ at }) =>
    at.flatMap(({ value, runs }) =>
      values(runs.filter(({ id }) => chosen?.has(id) === true)).map((each) => ({ label: String(value), value: each })),
    ),
  );
  return {
    kind: "intervals",
    x: measure.title,
    zero: false,
    groups: selected.length === 0 ? drawn : [...drawn, { name: labels.chosenRuns, rows: selected }],
  };
}

/** The chosen combination at each value, then every run. */
function settingTable(groups: readonly Group[], { setting, measure }: SettingAsked, labels: Labels): TableData {
  const { show } = measure;
  const cell = (value: SettingValue): TableCell => (typeof value === "number" ? value : String(value));
  return {
    columns: [
      { name: setting.key, show: (value: number) => valueText(value, setting.values) },
      { name: labels.method },
      { name: labels.run },
      { name: measure.name, show },
      { name: labels.low, show },
      { name: labels.high, show },
      { name: labels.seeds },
    ],
    rows: [
      ...groups.flatMap(({ name, at }) =>
        at.map(({ value, middle, low, high, seeds }): TableCell[] => [
          cell(value),
          groups.length > 1 ? name : "",
          labels.bestThere,
          middle,
          low,
          high,
          seeds,
        ]),
      ),
      ...groups.flatMap(({ name, at }) =>
        at.flatMap(({ value, runs }) =>
          runs.map((run): TableCell[] => [
            cell(value),
            groups.length > 1 ? name : "",
            run.name,
            measure.of(run),
            undefined,
            undefined,
            undefined,
          ]),
        ),
      ),
    ],
  };
}

/**
 * A measure against one varied setting: a dot for each run, and at each value the mean over seeds of the combination
 * that validation chooses there, from the least to the largest. Each method has marks of its own.
 */
export function settingFigure(
  sweep: JudgedSweep,
  asked: SettingAsked,
  labels: Labels,
): FigureSpec<LinesPlot | IntervalsPlot> {
  const { setting, measure } = asked;
  const groups = groupsOf(sweep, asked);
  const told = groups.flatMap(({ name, at }) =>
    at.map(({ value, middle }) =>
      [
        groups.length > 1 ? `${name} ` : "",
        valueText(value, setting.values),
        ": ",
        middle === undefined ? labels.none : measure.show(middle),
      ].join(""),
    ),
  );
  return {
    id: `setting-${setting.key.replaceAll(".", "-")}`,
    title: fill(labels.settingTitle, measure.name, setting.name),
    note: [labels.settingNote, judgedNote(sweep, labels)].join(" "),
    description: told.slice(0, MOST_JOINED).join("; "),
    plot: setting.scale === undefined ? categoriesPlot(groups, asked, labels) : numbersPlot(groups, asked, labels),
    table: () => settingTable(groups, asked, labels),
  };
}
