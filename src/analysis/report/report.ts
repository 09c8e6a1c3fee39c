import { costFigure, scaleOf, seedsFigure } from "../../figure/comparisonFigures.ts";
import { curvesFigure } from "../../figure/curvesFigure.ts";
import { findMethod } from "../../method/registry.ts";
import type { ComparisonRow } from "../../protocol/results/comparison.ts";
import type { RunRecord } from "../../record/record.ts";
import { isCorrelation, LOSS, metricName } from "../../record/metricText.ts";
import { compareRuns } from "../compare/compareRuns.ts";
import { drawOf } from "../compare/drawOf.ts";
import { acrossSeeds } from "./acrossSeeds.ts";
import type { Block } from "./blocks.ts";
import { figureBlock, LABELS } from "./figureBlock.ts";
import { summary } from "./summary.ts";
import { claimsSection } from "./claimsSection.ts";
import { fewShotSection } from "./fewShotSection.ts";
import { countOf, metricNumber, number, overSeeds } from "./format.ts";
import { latencySection } from "./latencySection.ts";
import { seedGroups, type ReportedRun } from "./reportedRun.ts";
import { runBlocks } from "./runSection.ts";
import { sharedSettings, sharedTable } from "./settingsTables.ts";
import { shiftSection } from "./shiftSection.ts";
import { sweepSection } from "./sweepSection.ts";
import { taskNames } from "./taskNames.ts";

/**
 * Groups runs by task and backbone, since runs are compared within a task only. Few-shot draws belong to their task.
 */
function byTask(runs: readonly ReportedRun[]): { name: string; runs: ReportedRun[] }[] {
  const groups = new Map<string, ReportedRun[]>();
  for (const run of runs) {
    const { shots: _, ...task } = run.experiment.task;
    const key = JSON.stringify([task, run.experiment.backbone]);
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  const lists = [...groups.values()];
  const names = taskNames(lists.map(([first]) => first!.experiment));
  return lists.map((own, i) => ({ name: names[i]!, runs: own }));
}

const BAND_NOTE =
  "Runs that differ only in their seed are one line, their mean, in the band from the least to the largest.";

/** Curves have at most so many points in a report. */
const MOST_POINTS = 300;

/** Results over seeds, parameters and result, and the curves of groups of runs that differ only in their seed. */
function taskFigures(
  runs: readonly ReportedRun[],
  rows: readonly ComparisonRow[],
  metric: string,
  among: string,
): Block[] {
  const scale = scaleOf(metric, isCorrelation(metric));
  const groups = seedGroups(runs).map((group, style) => ({
    name: group.label,
    style,
    runs: group.runs.map(({ losses, record }) => ({ points: losses, validation: validationOf(record, metric) })),
  }));
  const curves = (["loss", "validation"] as const)
    .map((measure) => curvesFigure(groups, { measure, scale: "linear", most: MOST_POINTS }, LABELS))
    .filter(({ plot }) => plot!.series.some(({ points }) => points.length > 1))
    .map((spec) =>
      groups.some((group) => group.runs.length > 1) ? { ...spec, note: `${spec.note} ${BAND_NOTE}` } : spec,
    );
  const specs = [seedsFigure(rows, scale, LABELS), costFigure(rows, scale, LABELS), ...curves];
  return specs.filter((spec) => spec !== undefined).map((spec) => figureBlock(spec, runs, among));
}

/** The metric on the validation split, each time it was evaluated. */
const validationOf = ({ evaluations }: RunRecord, metric: string): [step: number, value: number][] =>
  evaluations
    .filter(({ split, label }) => split === "validation" && label === "trained")
    .flatMap(({ step, metrics }) => (metrics[metric] === undefined ? [] : [[step, metrics[metric]]]));

/** The test metric of the finished runs before their training, of those that have it. */
const untrainedOf = (runs: readonly ReportedRun[], metric: string): number[] =>
  runs
    .filter(({ record }) => record.status === "finished")
    .flatMap(({ record }) => {
      const test = record.evaluations.find(({ split, label }) => split === "test" && label === "untrained");
      return (metric === LOSS ? test?.loss : test?.metrics[metric]) ?? [];
    });

/** @param at the number of the task in the report */
function taskSection({ name, runs }: { name: string; runs: readonly ReportedRun[] }, at: number): Block[] {
  const among = `task${at + 1}`;
  const comparison = compareRuns(runs);
  const { metric } = comparison;
  const groups = seedGroups(runs);
  const show = (x: number): string => metricNumber(metric, x);
  const losses = compareRuns(runs, LOSS).rows;
  const rows = comparison.rows.map(({ label, trainable, test, seeds, validation }, i) => [
    label,
    trainable?.toLocaleString("en") ?? "",
    overSeeds(test, show),
    ...(metric === LOSS ? [] : [overSeeds(losses[i]?.test, (x) => number(x))]),
    String(seeds.length),
    validation === undefined ? "" : number(validation.mean),
  ]);
  const untrained = untrainedOf(runs, metric);
  return [
    { kind: "heading", level: 2, text: `Task: ${name}` },
    {
      kind: "table",
      caption: `Test ${metricName(metric)}, mean and 95 % t-interval over seeds`,
      header: [
        "",
        "parameters",
        `test ${metricName(metric)}`,
        ...(metric === LOSS ? [] : ["test loss, nats a token"]),
        "seeds",
        "validation (higher is better)",
      ],
      rows,
    },
    ...(untrained.length === 0
      ? []
      : [
          {
            kind: "text" as const,
            text: `Untrained, ${untrained.length === runs.length ? "the same runs" : countOf(untrained.length, "run")} ${untrained.length === 1 && runs.length > 1 ? "tests" : "test"} at ${show(untrained.reduce((a, b) => a + b, 0) / untrained.length)} on average.`,
          },
        ]),
    ...comparison.warnings.map((text): Block => ({ kind: "text", text: `Note: ${text}` })),
    ...taskFigures(runs, comparison.rows, metric, among),
    ...claimsSection(groups),
    ...sweepSection(runs, among),
    ...fewShotSection(runs, metric, among),
    ...acrossSeeds(groups, metric),
    ...shiftSection(groups),
    ...latencySection(runs),
  ];
}

const isOfOneDraw = ({ experiment: a }: ReportedRun, { experiment: b }: ReportedRun): boolean =>
  drawOf(a) === drawOf(b) && a.task.shots?.k === b.task.shots?.k;

/** The run of the control of position shift with the same seed, for a run of another method. */
function controlOf(run: ReportedRun, among: readonly ReportedRun[]): ReportedRun | undefined {
  const isControl = ({ experiment }: ReportedRun): boolean =>
    findMethod(experiment.method.kind)?.isShiftControl === true;
  if (isControl(run)) return undefined;
  return among.find((each) => isControl(each) && isOfOneDraw(each, run));
}

/** Of which runs a report has a section of their own: of all, of one of each row of a comparison, or of none. */
export const SECTIONS = ["all", "one", "none"] as const;
export type Sections = (typeof SECTIONS)[number];
/**
 * With more runs than this, one run of each row has a section, unless the reader asks otherwise: each takes up to a MB.
 */
const MOST_IN_FULL = 20;

const analysesOf = ({ analyses }: ReportedRun): number => Object.keys(analyses).length;

/** The runs of a task that have a section of their own; of a row, that with most analyses and the least seed. */
function inFull(own: readonly ReportedRun[], sections: Sections): readonly ReportedRun[] {
  if (sections === "all") return own;
  if (sections === "none") return [];
  return seedGroups(own).map(({ runs }) => {
    const most = Math.max(...runs.map(analysesOf));
    return runs.find((run) => analysesOf(run) === most)!;
  });
}

/** Says that other runs have no section, and where theirs is. */
function leftOut(all: readonly ReportedRun[], shown: number): Block[] {
  const runs = all.length;
  if (runs === shown) return [];
  const one = all.some((run) => analysesOf(run) > 0)
    ? "the one with most analyses, and of these the least seed"
    : "the one with the least seed";
  const which = shown === 0 ? "no run" : `${shown} of ${runs} runs, of each row ${one}`;
  const text = `Sections of their own: ${which}. adept report RUN writes that of another run, --sections all those of all.`;
  return [{ kind: "text", text }];
}

/**
 * The whole report of some runs: first what was found, then a section for each task, then for runs of their own their
 * analyses, settings and commit.
 */
export function reportBlocks(
  runs: readonly ReportedRun[],
  sections: Sections = runs.length > MOST_IN_FULL ? "one" : "all",
): Block[] {
  const tasks = byTask(runs).map((task) => ({ ...task, shown: inFull(task.runs, sections) }));
  const shared = sharedSettings(runs);
  const shown = tasks.reduce((sum, task) => sum + task.shown.length, 0);
  return [
    { kind: "heading", level: 1, text: "ADePT Lab report" },
    {
      kind: "text",
      text: `${runs.length} run${runs.length === 1 ? "" : "s"}. Differences are paired over the same test examples; a difference whose interval holds 0 is reported as none found, with the size that could have been found about half the time.`,
    },
    ...summary(tasks),
    ...tasks.flatMap(taskSection),
    ...leftOut(runs, shown),
    ...tasks.flatMap(({ runs: own, shown: each }) =>
      each.flatMap((run) => runBlocks(run, { control: controlOf(run, own), shared })),
    ),
    ...(shared.size === 0 ? [] : [{ kind: "heading" as const, level: 2 as const, text: "Settings" }]),
    ...sharedTable(runs, shared),
  ];
}
