import type { SweepRun } from "../../record/sweepResults.ts";
import type { Axis, Scale } from "../figureSpec.ts";

/** A setting's value in one run: a number, or the name of a category. */
export type SettingValue = number | string;

/** A setting that is not the same in all runs. */
export interface VariedSetting {
  key: string;
  /** The key without its first part, as axes and tables name it. */
  name: string;
  /** How an axis of its numbers is; undefined for categories. */
  scale: Scale | undefined;
  /** Its values: numbers in ascending order, categories in the order in which the runs have them. */
  values: readonly SettingValue[];
  /** The value of each run that has the setting, by the run's id. */
  of: ReadonlyMap<string, SettingValue>;
}

/** The keys of the settings that stand for several: the arm with all that belongs to it, and the method. */
export const ARM = "arm";
export const METHOD = "method";
const KIND = "method.kind";
const OF_METHOD = /^(method|training\.learningRate)\./;
/** Significant digits of a value as text. */
const DIGITS = 4;
/** Two numbers this far apart are on a logarithmic axis. */
const FAR = 10;

/** Whether the numbers, ascending, are spread evenly by their logarithms rather than by themselves. */
function isLogarithmic(values: readonly number[]): boolean {
  const [low, high] = [values[0]!, values.at(-1)!];
  if (low <= 0) return false;
  if (values.length === 2) return high / low >= FAR;
  const [below, above] = [values[(values.length - 1) >> 1]!, values[values.length >> 1]!];
  // The middle value lies nearer the geometric middle of the ends than their mean.
  return (below + above) / 2 < ((low + high) / 2 + Math.sqrt(low * high)) / 2;
}

const lastPart = (path: string): string => path.split(/[\\/]/).at(-1)!;
const isPath = (text: string): boolean => /^([A-Za-z]:)?[\\/]/.test(text);

/** A value as the name of a category. */
const nameOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/**
 * The setting that has these values; undefined where they are all the same. One value that other runs lack is a
 * category: these runs differ.
 */
function settingOf(key: string, given: ReadonlyMap<string, unknown>, all: number): VariedSetting | undefined {
  const name = key.replace(/^(method|training|task)\.(?=.)/, "");
  const values = [...given.values()];
  if (values.length > 0 && values.every((value) => typeof value === "number" && Number.isFinite(value))) {
    const of = given as ReadonlyMap<string, number>;
    const numbers = [...new Set(of.values())].sort((a, b) => a - b);
    if (numbers.length > 1)
      return { key, name, scale: isLogarithmic(numbers) ? "logarithmic" : "linear", values: numbers, of };
  }
  const names = new Map([...given].map(([id, value]) => [id, nameOf(value)]));
  const distinct = new Set(names.values());
  if (distinct.size < 2 && given.size === all) return undefined;
  const short = new Map([...distinct].map((text) => [text, isPath(text) ? lastPart(text) : text]));
  const isTold = new Set(short.values()).size === distinct.size;
  const of = new Map([...names].map(([id, text]) => [id, isTold ? short.get(text)! : text]));
  return { key, name, scale: undefined, values: [...new Set(of.values())], of };
}

/** Whether a key has one value in each group of runs, so that the group says it. */
function isSaidBy(groups: ReadonlyMap<string, readonly SweepRun[]>, key: string): boolean {
  return [...groups.values()].every(
    (runs) => new Set(runs.map(({ settings }) => JSON.stringify(settings[key]))).size === 1,
  );
}

function grouped(
  runs: readonly SweepRun[],
  groupOf: (run: SweepRun) => string | undefined,
): Map<string, SweepRun[]> | undefined {
  const groups = new Map<string, SweepRun[]>();
  for (const run of runs) {
    const group = groupOf(run);
    if (group === undefined) return undefined;
    groups.set(group, [...(groups.get(group) ?? []), run]);
  }
  return groups.size < 2 ? undefined : groups;
}

/**
 * The settings that vary among runs, besides their seeds. The arms of a sweep are one setting, which stands for every
 * key that is the same within each arm; without arms several methods are one, which stands for such keys of the method.
 */
export function variedSettings(runs: readonly SweepRun[]): VariedSetting[] {
  const arms = grouped(runs, ({ arm }) => arm);
  const groups =
    arms ?? grouped(runs, ({ settings: { [KIND]: kind } }) => (typeof kind === "string" ? kind : undefined));
  const isSaid = (key: string): boolean =>
    groups !== undefined && (arms !== undefined || OF_METHOD.test(key)) && isSaidBy(groups, key);
  const keys = [...new Set(runs.flatMap(({ settings }) => Object.keys(settings)))].filter((key) => !isSaid(key));
  const group =
    groups &&
    settingOf(
      arms === undefined ? METHOD : ARM,
      new Map([...groups].flatMap(([name, own]) => own.map(({ id }): [string, string] => [id, name]))),
      runs.length,
    );
  const others = keys.map((key) =>
    settingOf(
      key,
      new Map(
        runs.flatMap(({ id, settings }): [string, unknown][] =>
          settings[key] === undefined ? [] : [[id, settings[key]]],
        ),
      ),
      runs.length,
    ),
  );
  return withoutImplied([group, ...others].filter((setting) => setting !== undefined));
}

/** Without settings of one value that runs have or lack as a category says that stands before or has more values. */
function withoutImplied(settings: readonly VariedSetting[]): VariedSetting[] {
  const isImplied = (setting: VariedSetting, by: VariedSetting): boolean => {
    const has = new Map<SettingValue | undefined, boolean>();
    const ids = new Set(settings.flatMap(({ of }) => [...of.keys()]));
    return [...ids].every((id) => {
      const value = by.of.get(id);
      const known = has.get(value) ?? setting.of.has(id);
      has.set(value, known);
      return known === setting.of.has(id);
    });
  };
  return settings.filter(
    (setting, i) =>
      setting.values.length > 1 ||
      !settings.some((by, at) => by.scale === undefined && (by.values.length > 1 || at < i) && isImplied(setting, by)),
  );
}

/** The setting that tells methods apart, over which nothing is averaged. */
export const methodSetting = (settings: readonly VariedSetting[]): VariedSetting | undefined =>
  settings.find(({ key }) => key === ARM || key === METHOD);

/**
 * A value of a setting as text: whole numbers as they are, others to four digits.
 * @param among values of the setting; of two that would read the same, both have all their digits
 */
export function valueText(value: SettingValue, among: readonly SettingValue[] = []): string {
  if (typeof value === "string") return value;
  const read = (each: SettingValue): SettingValue =>
    typeof each === "string" || Number.isInteger(each) ? each : Number(each.toPrecision(DIGITS));
  const isTold = among.every((each) => each === value || read(each) !== read(value));
  return String(isTold ? read(value) : value).replaceAll("-", "−");
}

/** A few values are the ticks of their axis, if they are short and this part of the axis apart. */
const MOST_TICKS = 8;
const APART = 0.06;

/** The axis of a setting of numbers. */
export function settingAxis({ scale = "linear", values }: VariedSetting, title: string): Axis {
  const numbers = values as readonly number[];
  const to = (x: number): number => (scale === "logarithmic" ? Math.log(x) : x);
  const least = APART * (to(numbers.at(-1)!) - to(numbers[0]!));
  const fits =
    numbers.length <= MOST_TICKS &&
    numbers.every((x, i) => Number(x.toPrecision(DIGITS)) === x && (i === 0 || to(x) - to(numbers[i - 1]!) >= least));
  return { title, scale, ...(fits && { ticks: numbers }) };
}
