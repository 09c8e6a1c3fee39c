import { compareRuns, type ComparedRun } from "../../analysis/compare/compareRuns.ts";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { LOSS, metricName, metricValue } from "../../record/metricText.ts";
import { markInterruptedRuns } from "../../run/interruption/interruptedRuns.ts";
import { findRun, listRuns } from "../../run/directory/runList.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { command, type Options, type Parsed } from "../command.ts";
import { RUN_OPTIONS } from "../commonOptions.ts";
import { runsFolder } from "../namedRun.ts";
import { markdownTable, table } from "../table.ts";
import { problemReporter } from "../problemReporter.ts";
import { say } from "../terminal.ts";
import type { Comparison, ComparisonRow } from "../../protocol/results/comparison.ts";
import type { SeedSummary } from "../../protocol/results/intervals.ts";

const RIGHT = ["parameters", "seeds"];

/**
 * Returns the runs that the arguments name. An argument is a run, or a sweep by its id or the beginning of it. Without
 * arguments, returns the runs of the newest sweep.
 * @throws UserError where there is no sweep, or an argument names nothing
 */
export function chosenRuns(runsDir: string, wanted: readonly string[]): RunDirectory[] {
  const all = listRuns(runsDir).reverse();
  const sweepOf = (run: RunDirectory): string | undefined =>
    run.experimentError() === undefined ? run.experiment().part?.sweep : undefined;
  const newest = all.map(sweepOf).findLast((sweep) => sweep !== undefined);
  if (wanted.length === 0 && newest === undefined)
    throw new UserError(
      "sweep-missing",
      phrase`There is no sweep here to compare`,
      phrase`Name the runs: adept compare RUN RUN, or give the experiment seeds or a sweep.`,
    );
  const asked = wanted.length === 0 ? [newest!] : wanted;
  const found = new Set(
    asked.flatMap((name) => {
      const members = all.filter((run) => sweepOf(run)?.startsWith(name) === true);
      return members.length > 0 ? members : [findRun(runsDir, name)];
    }),
  );
  return all.filter((run) => [...found].some(({ id }) => id === run.id));
}

/** Reads runs with their experiments and records, for a comparison. */
export const comparedRuns = (runs: readonly RunDirectory[]): ComparedRun[] =>
  runs.map((run) => ({ id: run.id, experiment: run.experiment(), record: run.record() }));

function interval(metric: string, summary: SeedSummary | undefined): string {
  if (summary === undefined) return "";
  const value = (x: number): string => metricValue(metric, x);
  return summary.interval === undefined
    ? value(summary.mean)
    : `${value(summary.mean)} [${value(summary.interval[0])}, ${value(summary.interval[1])}]`;
}

const settings = (chosen: Record<string, unknown>): string =>
  Object.entries(chosen)
    .map(([key, value]) => `${key.split(".").at(-1)!}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");

function cells({ metric }: Comparison, row: ComparisonRow): string[] {
  const tuned = row.tried > 1 ? `${settings(row.chosen)} (of ${row.tried})` : "";
  return [
    row.label,
    row.trainable?.toLocaleString("en") ?? "",
    tuned,
    interval(metric, row.test),
    String(row.seeds.length),
    row.unfinished.length === 0 ? "" : `${row.unfinished.length} unfinished`,
  ];
}

/** Formats a comparison as lines of text, or of Markdown. */
export function comparisonLines(comparison: Comparison, markdown: boolean): string[] {
  const n = comparison.rows.map((row) => row.testExamples).find((each) => each !== undefined);
  const header = [
    "method",
    "parameters",
    "chosen on validation",
    `test ${metricName(comparison.metric)}${n === undefined ? "" : ` (n=${n})`}, mean and 95 % interval over seeds`,
    "seeds",
    "",
  ];
  const rows = comparison.rows.map((row) => cells(comparison, row));
  const kept = header
    .map((name, i) => name !== "" || rows.some((row) => row[i] !== ""))
    .map((keep, i) => keep && (i !== 2 || rows.some((row) => row[2] !== "")));
  const only = (list: readonly string[]): string[] => list.filter((_, i) => kept[i]);
  return [
    ...(markdown ? markdownTable : table)(only(header), rows.map(only), RIGHT),
    ...comparison.warnings.map((warning) => `${markdown ? "\n" : ""}note: ${warning}`),
  ];
}

const OPTIONS = {
  metric: {
    type: "string",
    value: "NAME",
    help: "metric to compare by, or loss; without it the first metric of the task",
  },
  markdown: { type: "boolean", help: "prints the table as Markdown" },
  ...RUN_OPTIONS,
} as const satisfies Options;

/** Adept compare [RUN | SWEEP]... */
function run({ values, positionals }: Parsed<typeof OPTIONS>): Promise<number> {
  const runsDir = runsFolder(values["runs-dir"]);
  markInterruptedRuns(runsDir, problemReporter());
  const runs = comparedRuns(chosenRuns(runsDir, positionals));
  const known = new Set([
    LOSS,
    ...runs.flatMap(({ record }) => record.evaluations.flatMap(({ metrics }) => Object.keys(metrics))),
  ]);
  if (values.metric !== undefined && !known.has(values.metric))
    throw new UserError(
      "metric-unknown",
      phrase`--metric ${values.metric}: none of these runs has this metric`,
      known.size > 1 ? phrase`They have: ${[...known].join(", ")}.` : phrase`None of them has been tested yet.`,
    );
  const comparison = compareRuns(runs, values.metric);
  if (values.json === true) say(JSON.stringify(comparison));
  else for (const line of comparisonLines(comparison, values.markdown === true)) say(line);
  return Promise.resolve(0);
}

export const compareCommand = command({
  summary: "compares runs: one row for each method and varied setting, with intervals over seeds",
  takes: "[RUN|SWEEP]...",
  options: OPTIONS,
  examples: ["adept compare", "adept compare latest --markdown"],
  notes: ["Without an argument the newest sweep is compared."],
  run,
});
