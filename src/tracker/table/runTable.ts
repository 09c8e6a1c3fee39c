import { runFacts } from "../runFacts.ts";
import { stepRows, type TrackedRun } from "../trackedRun.ts";

/** A value of a table; undefined: the row has none. */
export type Cell = string | number | boolean | Date | undefined;

/** Columns by name, each with a value for every row. */
export interface Table {
  rows: number;
  columns: ReadonlyMap<string, readonly Cell[]>;
  /** Columns of what was measured: real numbers, even where all of them are whole. */
  measured: ReadonlySet<string>;
}

/** Facts that are times. */
const TIMES = ["created", "ended"];

/** Makes a table of rows; its columns are those of all rows, in the order in which they come up. */
function tableOf(rows: readonly ReadonlyMap<string, Cell>[], measured: Iterable<string>): Table {
  const names = new Set(rows.flatMap((row) => [...row.keys()]));
  const columns = new Map([...names].map((name) => [name, rows.map((row) => row.get(name))]));
  return { rows: rows.length, columns, measured: new Set(measured) };
}

/** One row a run: facts, settings, results. */
export const runTable = (runs: readonly TrackedRun[]): Table =>
  tableOf(
    runs.map((run) => {
      const facts = Object.entries(runFacts(run)).map(([name, value]): [string, Cell] => [
        name,
        TIMES.includes(name) ? new Date(value) : value,
      ]);
      const took = run.endedAt === undefined ? -1 : run.endedAt - run.startedAt;
      // Unknown if the clock was set back meanwhile.
      const seconds = took < 0 ? undefined : took / 1000;
      return new Map<string, Cell>([...facts, ["seconds", seconds], ...run.settings, ...run.results]);
    }),
    ["seconds", ...runs.flatMap(({ results }) => [...results.keys()])],
  );

/** One row a step that has any value: training, validation, test. */
export const stepTable = (runs: readonly TrackedRun[]): Table =>
  tableOf(
    runs.flatMap((run) =>
      stepRows(run).map(
        ({ step, time, values }) =>
          new Map<string, Cell>([
            ["run", run.id],
            ["name", run.name],
            ["step", step],
            ["time", new Date(time)],
            ...values,
          ]),
      ),
    ),
    runs.flatMap(({ series }) => [...series.keys()]),
  );
