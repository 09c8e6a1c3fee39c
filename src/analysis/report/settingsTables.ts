import { flatten } from "../../base/keyPath.ts";
import { withPaths } from "../../experiment/experimentPaths.ts";
import type { Block } from "./blocks.ts";
import type { ReportedRun } from "./reportedRun.ts";

/** A path from the root of a disk, of Windows too. */
const ABSOLUTE = /^([/\\]|[A-Za-z]:[/\\])/;
/** So many of a path's last parts are told: what is above them is of one machine, and a report travels. */
const TOLD = 2;

const shortened = (path: string): string =>
  ABSOLUTE.test(path) ? `…/${path.split(/[/\\]/).slice(-TOLD).join("/")}` : path;

/** Settings by their key path, as JSON, and as they are shown. */
function settingsOf({ experiment }: ReportedRun): [key: string, value: string, shown: string][] {
  const shown = flatten(withPaths(experiment, shortened));
  return [...flatten(experiment)].map(([key, value]) => [key, JSON.stringify(value), JSON.stringify(shown.get(key))]);
}

/** Keys whose value is the same in all of several runs; none for one run. */
export function sharedSettings(runs: readonly ReportedRun[]): Set<string> {
  const [first, ...others] = runs;
  if (first === undefined || others.length === 0) return new Set();
  const rest = others.map((run) => new Map(settingsOf(run).map(([key, value]) => [key, value])));
  return new Set(
    settingsOf(first)
      .filter(([key, value]) => rest.every((settings) => settings.get(key) === value))
      .map(([key]) => key),
  );
}

const settingsTable = (caption: string, rows: ReturnType<typeof settingsOf>): Block => ({
  kind: "table",
  caption,
  header: ["key", "value"],
  rows: rows.map(([key, , text]) => [key, text]),
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
