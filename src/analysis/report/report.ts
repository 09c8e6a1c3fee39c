import type { Experiment } from "../../experiment/experiment.ts";
import { flatten } from "../../experiment/keyPath.ts";
import { leadingMetric, metricName, metricValue } from "../../experiment/metricText.ts";
import type { RunRecord } from "../../experiment/record.ts";
import type { Ablation, Specificity } from "../analyse.ts";
import type { Latency } from "../latency.ts";
import type { Offsets } from "../offsets.ts";
import type { AlteredOutcome } from "../outcomes.ts";
import type { PositionShift } from "../positionShift.ts";
import { compareRuns } from "../compareRuns.ts";
import type { Estimate } from "../difference.ts";
import { seedInterval } from "../statistics/seedInterval.ts";
import type { Block } from "./blocks.ts";

/** A run with what is known of it; analyses as stored. */
export interface ReportedRun { id: string; experiment: Experiment; record: RunRecord; analyses: { ablation?: Ablation; offsets?: Offsets; shift?: PositionShift; specificity?: Specificity; latency?: Latency } }

const points = (share: number): string => `${share < 0 ? "−" : ""}${Math.abs(100 * share).toFixed(1)}`;
const number = (x: number, digits = 3): string => `${x < 0 ? "−" : ""}${Math.abs(x).toFixed(digits)}`;

/** A difference in words: its interval where it leaves 0 out, else what could have been found. */
export function verdict({ difference, interval: [low, high], found, detectable }: Estimate): string {
  return found ? `${points(difference)} [${points(low)}, ${points(high)}]` : `no difference found (±${points(detectable)} could have been)`;
}
const p = (value: number): string => (value < 0.001 ? "<0.001" : value.toFixed(3));
const named = ({ metrics }: { metrics: Record<string, number> }): string => Object.entries(metrics).map(([name, value]) => `${metricName(name)} ${metricValue(name, value)}`).join(", ");
const HEADER = ["", "test", "loss", "right, points against as trained", "predictions changed", "McNemar p (Holm)"];
const altered = ({ label, versus, holmP, loss, ...rest }: AlteredOutcome): string[] => [label, named(rest), number(loss, 4), verdict(versus.right), `${points(versus.flips)} %`, p(holmP)];

function casesTable(caption: string, full: { label: string; metrics: Record<string, number>; loss: number }, cases: readonly AlteredOutcome[]): Block[] {
  const n = cases[0]?.versus.n ?? 0, title = `${caption} (n = ${n}; 95 % intervals by the paired bootstrap over examples)`;
  return [
    { kind: "table", caption: title, header: HEADER, rows: [[full.label, named(full), number(full.loss, 4), "", "", ""], ...cases.map(altered)] },
    { kind: "forest", caption: `${caption}: share right against as trained, percentage points`, rows: cases.map(({ label, versus: { right } }) => ({ label, value: 100 * right.difference, low: 100 * right.interval[0], high: 100 * right.interval[1] })) },
  ];
}

function offsetsBlocks(run: ReportedRun, { official, valid, specificity, units, tokens }: Offsets): Block[] {
  const rows = ([["all places, padded to the window (as the published code counts)", official], ["valid tokens", valid]] as const).map(([label, size]) => [label, String(size.tokens), number(size.meanAbs, 4), number(size.sdOfDimensions, 4), number(size.meanL2), number(size.embeddingMeanL2), number(size.meanRatio)]);
  return [
    { kind: "heading", level: 3, text: "Offsets" },
    { kind: "table", caption: `Size of the offsets of ${run.id}`, header: ["over", "tokens", "mean |offset|", "sd over dimensions", "mean L2", "mean L2 of embeddings", "mean L2 ratio"], rows },
    { kind: "text", text: `Specificity index ${specificity === undefined ? "not defined: all offsets are equal" : number(specificity, 4)} (1: a token's offset is the same wherever it stands).${units === undefined ? "" : ` ${units.dead} of ${units.total} hidden units are never on; ${units.off} tokens of the vocabulary switch none on.`}` },
    ...(tokens.length === 0 ? [] : [{ kind: "table" as const, caption: "Tokens of the training data with the largest offsets", header: ["token", "seen", "L2", "ratio to its embedding", "units on"], rows: tokens.slice(0, 15).map(({ text, id, count, norm, ratio, active }) => [text.trim() === "" ? `id ${id}` : text, String(count), number(norm), number(ratio), active === undefined ? "" : String(active)]) }]),
  ];
}

function runBlocks(run: ReportedRun): Block[] {
  const { ablation, offsets, shift, specificity } = run.analyses;
  return [
    { kind: "heading", level: 2, text: `${run.experiment.name} (${run.id})` },
    { kind: "text", text: `Method ${run.experiment.method.kind}, ${run.record.trainable ?? "?"} trainable parameters, seed ${run.experiment.seed}. Commit ${run.record.resultCommit ?? `none${run.record.gitMessage === undefined ? "" : `: ${run.record.gitMessage}`}`}.` },
    ...(ablation === undefined ? [] : [{ kind: "heading" as const, level: 3 as const, text: "Component ablation, post-hoc" }, ...casesTable("Components taken away without retraining", ablation.full, ablation.cases)]),
    ...(offsets === undefined ? [] : offsetsBlocks(run, offsets)),
    ...(shift === undefined ? [] : [
      { kind: "heading" as const, level: 3 as const, text: "Position shift" }, ...casesTable("Text shifted by k places: T1 table rows alone, T2 prompt and text, T3 text in its window, T4 after k tokens of filler", shift.full, shift.cases),
      { kind: "table" as const, caption: "What the shift changes", header: ["", "offset change", "encoder change", "KL (nats)", "largest logit change"], rows: shift.cases.map((each) => [each.label, each.offsetChange === undefined ? "n/a" : number(each.offsetChange), number(each.encoderChange), number(each.kl, 5), number(each.maxLogit)]) }]),
    ...(specificity === undefined ? [] : [{ kind: "heading" as const, level: 3 as const, text: "Token specificity, post-hoc" }, ...casesTable("Offsets replaced without retraining", specificity.full, specificity.cases),
      { kind: "text" as const, text: specificity.explained === undefined ? "Taking the offsets away costs less than its interval: no share of a gain is computed." : `${points(specificity.explained)} % of what the offsets gain is lost when all tokens get one constant.` }]),
    { kind: "table", caption: `Settings of ${run.id}`, header: ["key", "value"], rows: [...flatten(run.experiment)].map(([key, value]) => [key, JSON.stringify(value)]) },
  ];
}

/** Means over seeds of the cases that several runs of one method share. */
function acrossSeeds(runs: readonly ReportedRun[]): Block[] {
  const kinds = [...new Set(runs.map(({ experiment }) => `${experiment.method.kind} on ${experiment.task.kind === "named" ? experiment.task.name : experiment.task.kind}`))];
  const rows = kinds.flatMap((kind) => {
    const own = runs.filter(({ experiment }) => kind === `${experiment.method.kind} on ${experiment.task.kind === "named" ? experiment.task.name : experiment.task.kind}`);
    const cases = own.flatMap(({ analyses: { ablation, shift } }) => [...(ablation?.cases ?? []), ...(shift?.cases ?? [])]), labels = [...new Set(cases.map(({ label }) => label))];
    return labels.flatMap((label) => {
      const { n, mean, interval } = seedInterval(cases.filter((each) => each.label === label).map(({ versus }) => versus.right.difference));
      return interval === undefined ? [] : [{ kind, label, n, mean, interval }];
    });
  });
  if (rows.length === 0) return [];
  const shown = rows.map(({ kind, label, n, mean, interval: [low, high] }) => [`${kind}: ${label}`, low > 0 || high < 0 ? `${points(mean)} [${points(low)}, ${points(high)}]` : `no difference found: ${points(mean)} [${points(low)}, ${points(high)}]`, String(n)]);
  return [{ kind: "heading", level: 2, text: "Across seeds" }, { kind: "table", caption: "Share right against as trained, percentage points: mean over seeds with its 95 % t-interval", header: ["", "difference", "seeds"], rows: shown }];
}

/** Every figure, interval, setting and commit of some runs, as blocks. */
export function reportBlocks(runs: readonly ReportedRun[]): Block[] {
  const comparison = compareRuns(runs), { metric } = comparison;
  const rows = comparison.rows.map(({ label, trainable, test, seeds, validation }) => [label, trainable?.toLocaleString("en") ?? "", test === undefined ? "" : test.interval === undefined ? metricValue(metric, test.mean) : `${metricValue(metric, test.mean)} [${test.interval.map((end) => metricValue(metric, end)).join(", ")}]`, String(seeds.length), validation === undefined ? "" : number(validation.mean)]);
  const untrained = runs.map(({ record }) => leadingMetric(record.evaluations.find(({ label }) => label === "untrained")?.metrics ?? {})?.value).filter((value) => value !== undefined);
  return [
    { kind: "heading", level: 1, text: "ADePT Lab report" },
    { kind: "text", text: `${runs.length} run${runs.length === 1 ? "" : "s"}. Differences are paired over the same test examples; a difference whose interval holds 0 is reported as none found, with the size that could have been found about half the time.` },
    { kind: "table", caption: `Test ${metricName(metric)}, mean and 95 % t-interval over seeds`, header: ["", "parameters", `test ${metricName(metric)}`, "seeds", "validation (higher is better)"], rows },
    ...(untrained.length === 0 ? [] : [{ kind: "text" as const, text: `Untrained, the same runs test at ${metricValue(metric, untrained.reduce((a, b) => a + b, 0) / untrained.length)} on average.` }]),
    ...comparison.warnings.map((text): Block => ({ kind: "text", text: `Note: ${text}` })), ...acrossSeeds(runs), ...runs.flatMap(runBlocks),
  ];
}
