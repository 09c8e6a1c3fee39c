import { RETRAINED_TEXT } from "../../experiment/retrained.ts";
import { LOSS } from "../../record/metricText.ts";
import { testValue } from "../compare/compareRuns.ts";
import { drawOf } from "../compare/drawOf.ts";
import { corrected } from "../statistics/corrections.ts";
import { pairedDifference } from "../statistics/pairedDifference.ts";
import { seedInterval } from "../statistics/seedInterval.ts";
import type { Block } from "./blocks.ts";
import { differenceScale, exponential, foundOrNot, metricNumber, number, overSeeds, pValue } from "./format.ts";
import type { ReportedRun, SeedGroup } from "./reportedRun.ts";

const fourDecimals = (x: number): string => number(x, 4);
const known = (values: readonly (number | undefined)[]): number[] => values.filter((value) => value !== undefined);

/** The table of post-hoc cases: for each group, the mean over the seeds that have the case. */
function posthoc(groups: readonly SeedGroup[]): Block[] {
  const rows = groups.flatMap(({ label: group, runs }) => {
    const cases = runs.flatMap(({ analyses: { ablation, specificity } }) => [
      ...(ablation?.cases ?? []),
      ...(specificity?.cases ?? []),
    ]);
    // Draws of one permutation test are first averaged within their run.
    const names = [...new Set(cases.map(({ label }) => label.replace(/, draw \d+$/, "")))];
    const of = (run: ReportedRun, name: string): number[] =>
      [...(run.analyses.ablation?.cases ?? []), ...(run.analyses.specificity?.cases ?? [])]
        .filter(({ label }) => label.replace(/, draw \d+$/, "") === name)
        .map(({ versus }) => versus.right.difference);
    return names.map((name) => {
      const values = runs
        .map((run) => of(run, name))
        .filter((each) => each.length > 0)
        .map((each) => seedInterval(each).mean);
      const { n, mean, interval } = seedInterval(values);
      return [group, name, foundOrNot(mean, interval), String(n)];
    });
  });
  return rows.length === 0
    ? []
    : [
        {
          kind: "table",
          caption:
            "Post-hoc (H): share right against as trained, percentage points, mean over seeds with its 95 % t-interval",
          header: ["run", "altered", "difference", "seeds"],
          rows,
        },
      ];
}

/** The paper's Table 2 over seeds, with and without the padded places that the published code counts. */
function offsetSizes(groups: readonly SeedGroup[]): Block[] {
  const rows = groups.flatMap(({ label, runs }) => {
    const all = runs.flatMap(({ analyses: { offsets } }) => offsets ?? []);
    if (all.length === 0) return [];
    const of = (value: (each: (typeof all)[number]) => number | undefined): string => {
      const values = known(all.map(value));
      return values.length === 0 ? "n/a" : overSeeds(seedInterval(values), fourDecimals);
    };
    return [
      [
        label,
        of(({ official }) => official.meanAbs),
        of(({ valid }) => valid.meanAbs),
        of(({ valid }) => valid.meanL2),
        of(({ valid }) => valid.meanRatio),
        of(({ specificity }) => specificity),
        of(({ geometry }) => geometry?.effectiveRank),
        of(({ units }) => units && units.dead / units.total),
        String(all.length),
      ],
    ];
  });
  return rows.length === 0
    ? []
    : [
        {
          kind: "table",
          caption:
            'Size of the offsets: mean over seeds with its 95 % t-interval. "With padding" counts as the published code does',
          header: [
            "",
            "mean |offset|, with padding",
            "mean |offset|, valid tokens",
            "mean L2",
            "mean L2 ratio to the embedding",
            "specificity index",
            "effective rank",
            "share of units dead",
            "seeds",
          ],
          rows,
        },
      ];
}

/** The table of training stability, one row for each component of each group. */
function stability(groups: readonly SeedGroup[]): Block[] {
  const rows = groups.flatMap(({ label, runs }) => {
    const all = runs.flatMap(({ analyses }) => analyses.stability ?? []);
    const names = [...new Set(all.flatMap(({ components }) => components.map(({ group }) => group)))];
    return names.map((name) => {
      const own = all.flatMap(({ components }) => components.filter(({ group }) => group === name));
      const advice = own.map((each) => each.advice).find((each) => each !== undefined);
      return [
        label,
        name,
        String(own[0]!.rate),
        overSeeds(seedInterval(own.map(({ ratio }) => ratio.median)), exponential),
        overSeeds(seedInterval(own.map(({ gradient }) => gradient.median)), exponential),
        String(own.reduce((sum, { spikes }) => sum + spikes, 0)),
        advice === undefined ? "none" : `try ${advice.rate}: ${advice.why}`,
      ];
    });
  });
  return rows.length === 0
    ? []
    : [
        {
          kind: "table",
          caption:
            "Training, component by component: medians over the steps after warm-up, mean over seeds with its 95 % t-interval",
          header: ["", "component", "learning rate", "update / weights", "gradient norm", "spikes", "advice"],
          rows,
        },
      ];
}

/** The table of retrained ablations, each paired with A0 by seed. Post-hoc ablations have a table of their own. */
function retrained(groups: readonly SeedGroup[], metric: string): Block[] {
  const own = groups.filter(({ runs }) => runs[0]!.experiment.part?.case !== undefined);
  const base = own.find(({ label }) => label === "A0");
  if (base === undefined || own.length < 2) return [];
  const value = (run: ReportedRun): number | undefined => testValue(run, metric);
  const { unit, show } = differenceScale(metric);
  const judged = own.map((group) => {
    const pairs = group.runs.flatMap((run) => {
      const other = base.runs.find(({ experiment }) => drawOf(experiment) === drawOf(run.experiment));
      const [a, b] = [value(run), other && value(other)];
      return a === undefined || b === undefined ? [] : [{ a, b }];
    });
    return {
      group,
      values: known(group.runs.map(value)),
      difference:
        pairs.length === 0
          ? undefined
          : pairedDifference(
              pairs.map(({ a }) => a),
              pairs.map(({ b }) => b),
            ),
    };
  });
  const others = judged.filter(({ group }) => group !== base);
  const { holm } = corrected(others.map(({ difference }) => difference?.p ?? 1));
  const rows = judged.map(({ group, values, difference }) => {
    const kase = group.runs[0]!.experiment.part!.case!;
    const at = others.findIndex((each) => each.group === group);
    return [
      `${kase}: ${RETRAINED_TEXT[kase]}`,
      group.runs[0]!.record.trainable?.toLocaleString("en") ?? "",
      values.length === 0 ? "" : overSeeds(seedInterval(values), (x) => metricNumber(metric, x)),
      at < 0 || difference === undefined ? "" : foundOrNot(difference.mean, difference.interval, show),
      at < 0 ? "" : pValue(holm[at]!),
      difference?.dz === undefined || at < 0 ? "" : number(difference.dz, 2),
      String(values.length),
    ];
  });
  return [
    { kind: "heading", level: 3, text: "Ablations trained from scratch (R)" },
    {
      kind: "table",
      caption: `Retrained at one budget: test value, and the difference to A0 (${unit}), paired by seed, 95 % t-intervals; p by the paired t-test, Holm-corrected; d_z the effect size`,
      header: ["", "parameters", "test", "against A0", "p (Holm)", "d_z", "seeds"],
      rows,
    },
    { kind: "text", text: explained(judged, base, metric) },
  ];
}

interface Judged {
  group: SeedGroup;
  difference: ReturnType<typeof pairedDifference> | undefined;
}

/** The share (A0 - A3) / (A0 - A1), stated only where the interval of A0 - A1 lies above 0. */
function explained(judged: readonly Judged[], base: SeedGroup, metric: string): string {
  const of = (label: string): Judged["difference"] =>
    judged.find(({ group }) => group !== base && group.label === label)?.difference;
  const [a1, a3] = [of("A1"), of("A3")];
  // What is lost has less right, or more loss.
  const least = metric === LOSS ? -(a1?.interval?.[0] ?? 0) : (a1?.interval?.[1] ?? 0);
  if (a1 === undefined || a3 === undefined || !(least < 0))
    return "No share of a gain is computed: ADePT's gain over the prompt alone does not exceed its interval.";
  return `Specificity explains ${number((100 * a3.mean) / a1.mean, 0)} % of ADePT's gain over the prompt alone: what one trained constant does not reach.`;
}

/**
 * The sections that summarise groups of runs over their seeds: retrained ablations, post-hoc cases, sizes of the
 * offsets and stability.
 * @param metric the test metric of the retrained ablations
 */
export function acrossSeeds(groups: readonly SeedGroup[], metric: string): Block[] {
  return [...retrained(groups, metric), ...posthoc(groups), ...offsetSizes(groups), ...stability(groups)];
}
