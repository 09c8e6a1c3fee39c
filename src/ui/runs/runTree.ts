import type { RunStatus } from "../../record/events.ts";
import { leadingMetric } from "../../record/metricText.ts";
import { isLive, type RunRecord } from "../../record/record.ts";
import type { SortKey } from "./runFilter.ts";

export interface RunNode {
  readonly kind: "run";
  readonly id: string;
  readonly label: string;
}
/** Runs of one experiment, or of one variant of it over its seeds. */
export interface GroupNode {
  readonly kind: "group";
  readonly key: string;
  readonly label: string;
  readonly children: readonly TreeNode[];
  readonly ids: readonly string[];
}
export type TreeNode = RunNode | GroupNode;

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

/** The metric of the trained model on test, else its last on validation. */
export function metricOf({ evaluations }: RunRecord): number | undefined {
  const trained = evaluations.filter(({ label }) => label === "trained");
  const last = trained.findLast(({ split }) => split === "test") ?? trained.at(-1);
  return leadingMetric(last?.metrics ?? {})?.value;
}

function compare(sort: SortKey): (a: RunRecord, b: RunRecord) => number {
  const newest = (a: RunRecord, b: RunRecord): number => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
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

/** Runs of a sweep belong together; so do runs started one by one under the same name. */
const groupKey = ({ sweep, name }: RunRecord): string => sweep ?? `name:${name}`;
const groupLabel = ({ experiment, name }: RunRecord): string => experiment ?? name;

/** What a seed is called. */
export type SeedLabel = (seed: number) => string;

/**
 * Runs by experiment, their variants, their seeds; an experiment with one run is that run. A group stands where its
 * first run does.
 */
export function treeOf(records: readonly RunRecord[], sort: SortKey, seedLabel: SeedLabel): TreeNode[] {
  const groups = new Map<string, RunRecord[]>();
  const sorted = [...records].sort(compare(sort));
  for (const record of sorted) groups.set(groupKey(record), [...(groups.get(groupKey(record)) ?? []), record]);
  // Starred runs come first, wherever they belong.
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

/** A run inside a group is called by what tells it from the others there, unless a person has named it. */
function labelOf({ renamed, name, sweep, seed }: RunRecord, variant: string | undefined, seedLabel: SeedLabel): string {
  return renamed || sweep === undefined ? name : (variant ?? seedLabel(seed));
}

/** What a group is at: runs at work, finished of all, the mean of its metric. */
export interface GroupSummary {
  running: number;
  finished: number;
  failed: number;
  of: number;
  mean: number | undefined;
  metric: string | undefined;
  n: number;
}

export function summaryOf(records: readonly RunRecord[]): GroupSummary {
  const finished = records.filter(({ status }) => status === "finished");
  const values = finished.map(metricOf).filter((value) => value !== undefined);
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
  };
}
