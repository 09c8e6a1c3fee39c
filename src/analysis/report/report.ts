import { leadingMetric, metricName, metricValue } from "../../record/metricText.ts";
import { compareRuns } from "../compare/compareRuns.ts";
import { acrossSeeds } from "./acrossSeeds.ts";
import type { Block } from "./blocks.ts";
import { fewShotSection } from "./fewShotSection.ts";
import { number, overSeeds } from "./format.ts";
import { latencySection } from "./latencySection.ts";
import { seedGroups, taskName, type ReportedRun } from "./reportedRun.ts";
import { runBlocks } from "./runSection.ts";
import { shiftSection } from "./shiftSection.ts";

/**
 * Groups runs by task and backbone, since runs are compared within a task only. Few-shot draws belong to their task.
 */
function byTask(runs: readonly ReportedRun[]): { name: string; runs: ReportedRun[] }[] {
  const groups = new Map<string, { name: string; runs: ReportedRun[] }>();
  for (const run of runs) {
    const { shots: _, ...task } = run.experiment.task;
    const key = JSON.stringify([task, run.experiment.backbone]);
    const group = groups.get(key) ?? { name: taskName(run.experiment), runs: [] };
    groups.set(key, group);
    group.runs.push(run);
  }
  return [...groups.values()];
}

function taskSection(name: string, runs: readonly ReportedRun[]): Block[] {
  const comparison = compareRuns(runs);
  const { metric } = comparison;
  const groups = seedGroups(runs);
  const show = (x: number): string => metricValue(metric, x);
  const rows = comparison.rows.map(({ label, trainable, test, seeds, validation }) => [
    label,
    trainable?.toLocaleString("en") ?? "",
    overSeeds(test, show),
    String(seeds.length),
    validation === undefined ? "" : number(validation.mean),
  ]);
  const untrained = runs
    .map(
      ({ record }) =>
        leadingMetric(record.evaluations.find(({ label }) => label === "untrained")?.metrics ?? {})?.value,
    )
    .filter((value) => value !== undefined);
  return [
    { kind: "heading", level: 2, text: `Task: ${name}` },
    {
      kind: "table",
      caption: `Test ${metricName(metric)}, mean and 95 % t-interval over seeds`,
      header: ["", "parameters", `test ${metricName(metric)}`, "seeds", "validation (higher is better)"],
      rows,
    },
    ...(untrained.length === 0
      ? []
      : [
          {
            kind: "text" as const,
            text: `Untrained, the same runs test at ${show(untrained.reduce((a, b) => a + b, 0) / untrained.length)} on average.`,
          },
        ]),
    ...comparison.warnings.map((text): Block => ({ kind: "text", text: `Note: ${text}` })),
    ...fewShotSection(runs, metric),
    ...acrossSeeds(groups, metric),
    ...shiftSection(groups),
    ...latencySection(runs),
  ];
}

/**
 * The whole report of some runs: first a section for each task, then for each run its analyses, settings and commit.
 */
export function reportBlocks(runs: readonly ReportedRun[]): Block[] {
  return [
    { kind: "heading", level: 1, text: "ADePT Lab report" },
    {
      kind: "text",
      text: `${runs.length} run${runs.length === 1 ? "" : "s"}. Differences are paired over the same test examples; a difference whose interval holds 0 is reported as none found, with the size that could have been found about half the time.`,
    },
    ...byTask(runs).flatMap(({ name, runs: own }) => taskSection(name, own)),
    ...runs.flatMap(runBlocks),
  ];
}
