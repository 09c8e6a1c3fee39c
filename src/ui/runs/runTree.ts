import type { RunStatus } from "../../record/events.ts";
import { leadingMetric } from "../../record/metricText.ts";
import { isLive, type RunRecord } from "../../record/record.ts";
import { areSeeds, groupBest, type GroupBest } from "./groupBest.ts";
import type { SortKey } from "./runFilter.ts";

/** A row of the list that is one run. */
export interface RunNode {
  readonly kind: "run";
  readonly id: string;
  readonly label: string;
}
/** A row of the list for the runs of one experiment, or of one of its variants with several seeds. */
export interface GroupNode {
  readonly kind: "group";
  readonly key: string;
  readonly label: string;
  readonly children: readonly TreeNode[];
  readonly ids: readonly string[];
}
/** A row of the tree of runs. */
export type TreeNode = RunNode | GroupNode;

/** Order of the list when it is sorted by status. */
const STATUS_ORDER: readonly RunStatus[] = [
  "running",
  "evaluating",
  "preparing",
  "stopping",
  "queued",
  "failed",
  "interrupted",
  "stopped",
  "finished",
];

/** Returns the trained model's leading metric on the test split, else its latest one on another split. */
export function metricOf({ evaluations }: RunRecord): number | undefined {
  const trained = evaluations.filter(({ label }) => label === "trained");
  const last = trained.findLast(({ split }) => split === "test") ?? trained.at(-1);
  return leadingMetric(last?.metrics ?? {})?.value;
}

function compare(sort: SortKey): (a: RunRecord, b: RunRecord) => number {
  const newest = (a: RunRecord, b: RunRecord): number => Number(a.id < b.id) - Number(a.id > b.id);
  switch (sort) {
    case "newest":
      return newest;
    case "oldest":
      return (a, b) => -newest(a, b);
    case "name":
      return (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }) || newest(a, b);
    case "metric":
      return (a, b) => (metricOf(b) ?? -Infinity) - (metricOf(a) ?? -Infinity) || newest(a, b);
    case "status":
      return (a, b) => STATUS_ORDER.indexOf(a.status) - STATUS_ORDER.indexOf(b.status) || newest(a, b);
  }
}

/** Runs of one sweep form a group, and so do runs with the same name that were started one by one. */
const groupKey = ({ sweep, name }: RunRecord): string => sweep ?? `name:${name}`;
const groupLabel = ({ experiment, name }: RunRecord): string => experiment ?? name;

/** Returns the text of a seed in the user's language. */
export type SeedLabel = (seed: number) => string;

/**
 * Groups runs by experiment, then by variant. An experiment with one run becomes that run's row. A group takes the
 * place of its first run in the order.
 */
export function treeOf(records: readonly RunRecord[], sort: SortKey, seedLabel: SeedLabel): TreeNode[] {
  const groups = new Map<string, RunRecord[]>();
  const sorted = [...records].sort(compare(sort));
  for (const record of sorted) groups.set(groupKey(record), [...(groups.get(groupKey(record)) ?? []), record]);
  // Groups with a starred run come first.
  const nodes = [...groups].map(([key, own]) => ({
    starred: own.some(({ starred }) => starred),
    node: groupNode(key, own, seedLabel),
  }));
  return nodes.sort((a, b) => Number(b.starred) - Number(a.starred)).map(({ node }) => node);
}

function groupNode(key: string, own: readonly RunRecord[], seedLabel: SeedLabel): TreeNode {
  const [first] = own;
  if (first === undefined) throw new Error("an empty group");
  if (own.length === 1) return { kind: "run", id: first.id, label: first.name };
  const leaf = (record: RunRecord, by: "seed" | "variant"): RunNode => ({
    kind: "run",
    id: record.id,
    label: labelOf(record, by === "variant" ? record.variant : undefined, seedLabel),
  });
  const variants = new Map<string, RunRecord[]>();
  for (const record of own) {
    const name = record.variant ?? "";
    variants.set(name, [...(variants.get(name) ?? []), record]);
  }
  const children =
    variants.size === 1
      ? own.map((record) => leaf(record, "seed"))
      : [...variants].map(([name, runs]) =>
          runs.length === 1
            ? leaf(runs[0]!, "variant")
            : {
                kind: "group" as const,
                key: `${key}/${name}`,
                label: name === "" ? groupLabel(runs[0]!) : name,
                children: runs.map((record) => leaf(record, "seed")),
                ids: runs.map(({ id }) => id),
              },
        );
  return { kind: "group", key, label: groupLabel(first), children, ids: own.map(({ id }) => id) };
}

/** Returns the name of a run in its group: what distinguishes it from the others, unless the user has renamed it. */
function labelOf({ renamed, name, sweep, seed }: RunRecord, variant: string | undefined, seedLabel: SeedLabel): string {
  return renamed || sweep === undefined ? name : (variant ?? seedLabel(seed));
}

/** The state of a group of runs. */
export interface GroupSummary {
  running: number;
  finished: number;
  failed: number;
  /** Number of runs. */
  of: number;
  /** Mean of the leading metric over the finished runs that have one, where the runs differ in their seeds alone. */
  mean: number | undefined;
  /** Name of the leading metric. */
  metric: string | undefined;
  /** Number of runs in the mean. */
  n: number;
  /** What validation finds best, where the runs differ in more than their seeds: no mean is taken over methods. */
  best: GroupBest | undefined;
}

/** Counts the runs of a group by status, and averages their leading metric over seeds, or says what is best. */
export function summaryOf(records: readonly RunRecord[]): GroupSummary {
  const finished = records.filter(({ status }) => status === "finished");
  const isOne = areSeeds(records);
  const values = isOne ? finished.map(metricOf).filter((value) => value !== undefined) : [];
  const metric = finished
    .map(({ evaluations }) => leadingMetric(evaluations.find(({ label }) => label === "trained")?.metrics ?? {})?.name)
    .find((name) => name !== undefined);
  return {
    running: records.filter(({ status }) => isLive(status)).length,
    finished: finished.length,
    failed: records.filter(({ status }) => status === "failed").length,
    of: records.length,
    mean: values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length,
    metric,
    n: values.length,
    best: isOne ? undefined : groupBest(records),
  };
}
