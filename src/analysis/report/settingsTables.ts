import { flatten } from "../../base/keyPath.ts";
import type { Block } from "./blocks.ts";
import type { ReportedRun } from "./reportedRun.ts";

/** Settings by their key path, as JSON. */
const settingsOf = ({ experiment }: ReportedRun): [key: string, value: string][] =>
  [...flatten(experiment)].map(([key, value]) => [key, JSON.stringify(value)]);

/** Keys whose value is the same in all of several runs; none for one run. */
export function sharedSettings(runs: readonly ReportedRun[]): Set<string> {
  const [first, ...others] = runs;
  if (first === undefined || others.length === 0) return new Set();
  const rest = others.map((run) => new Map(settingsOf(run)));
  return new Set(
    settingsOf(first)
      .filter(([key, value]) => rest.every((settings) => settings.get(key) === value))
      .map(([key]) => key),
  );
}

const settingsTable = (caption: string, rows: readonly (readonly [string, string])[]): Block => ({
  kind: "table",
  caption,
  header: ["key", "value"],
  rows: rows.map((row) => [...row]),
});

/** What all runs share, once; nothing where they share none. */
export function sharedTable(runs: readonly ReportedRun[], shared: ReadonlySet<string>): Block[] {
  if (shared.size === 0) return [];
  const rows = settingsOf(runs[0]!).filter(([key]) => shared.has(key));
  return [settingsTable(`Settings of all ${runs.length} runs`, rows)];
}

/** A run's settings without those that all runs share. */
export const ownTable = (run: ReportedRun, shared: ReadonlySet<string>): Block =>
  settingsTable(
    shared.size === 0 ? `Settings of ${run.id}` : `Settings of ${run.id} that other runs do not share`,
    settingsOf(run).filter(([key]) => !shared.has(key)),
  );
