import { proto, type ProtoFields } from "../protoFields.ts";
import { runFacts } from "../runFacts.ts";
import { stepRows, type SettingValue, type StepRow, type TrackedRun } from "../trackedRun.ts";
import { levelLog } from "./levelLog.ts";

// Field numbers are those of wandb_internal.proto as the package wandb 0.31.0 has it.

/** ":W&B", the number 0xBEE1 and version 0. */
const START = Uint8Array.of(0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0);
/** The oldest program that may read the file, as wandb 0.31.0 writes it. */
const OLDEST_READER = "0.70.0";
/** W&B's longest name of a project, in characters. */
const LONGEST_PROJECT = 128;

/** JSON as W&B and Python write it, with NaN and infinities. */
function json(value: SettingValue): string {
  if (typeof value !== "number" || Number.isFinite(value)) return JSON.stringify(value);
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "Infinity" : "-Infinity";
}

/** A key and its value; a nested key of one part is not split at dots. */
const item = (key: string, value: SettingValue): ProtoFields =>
  proto((fields) => fields.text(2, key).text(16, json(value)));

const items = (values: Iterable<readonly [string, SettingValue]>): ProtoFields =>
  proto((fields) => {
    for (const [key, value] of values) fields.message(1, item(key, value));
  });

const seconds = (milliseconds: number): ProtoFields =>
  proto((time) => time.int(1, Math.floor(milliseconds / 1000)).int(2, Math.round((milliseconds % 1000) * 1e6)));

/** The name of the project: W&B takes none of these signs. */
export const wandbProject = (experiment: string): string =>
  experiment.replace(/[/\\#?%:]/g, "-").slice(0, LONGEST_PROJECT);

const header = (): ProtoFields =>
  proto((h) =>
    h.message(
      1,
      proto((v) => v.text(1, "adept-lab").text(2, OLDEST_READER)),
    ),
  );

/** A configuration's key is not split at dots. */
const config = (values: Iterable<readonly [string, SettingValue]>): ProtoFields =>
  proto((fields) => {
    for (const [key, value] of values)
      fields.message(
        1,
        proto((entry) => entry.text(1, key).text(16, json(value))),
      );
  });

/** The note and tags have places of their own; the other facts stand in the configuration, under "adept." */
function factsOf(run: TrackedRun): [string, SettingValue][] {
  const { note: _, tags: __, ...facts } = runFacts(run);
  return Object.entries(facts).map(([name, value]) => [`adept.${name}`, value]);
}

function runRecord(run: TrackedRun): ProtoFields {
  const { id, name, record, settings, startedAt, experiment } = run;
  return proto((fields) => {
    fields
      .text(1, id)
      .text(3, wandbProject(experiment))
      .message(4, config([...settings, ...factsOf(run)]));
    if (record.sweep !== undefined) fields.text(6, record.sweep);
    fields.text(7, "train").text(8, name);
    if (record.note !== "") fields.text(9, record.note);
    for (const tag of record.tags) fields.text(10, tag);
    fields.message(17, seconds(startedAt));
    const commit = record.snapshotCommit;
    if (commit !== undefined)
      fields.message(
        21,
        proto((git) => git.text(2, commit)),
      );
  });
}

function history(row: StepRow, startedAt: number): ProtoFields {
  const values: [string, number][] = [
    ...row.values,
    ["_step", row.step],
    ["_timestamp", row.time / 1000],
    ["_runtime", Math.max(0, row.time - startedAt) / 1000],
  ];
  return proto((fields) => {
    for (const each of values) fields.message(1, item(...each));
    fields.message(
      2,
      proto((step) => step.int(1, row.step)),
    );
  });
}

/** The last value of every series, and over it what the run's best model has. */
function summary({ series, results, record }: TrackedRun): Map<string, number> {
  const last = [...series].flatMap(([name, points]): [string, number][] => {
    const point = points.at(-1);
    return point === undefined ? [] : [[name, point.value]];
  });
  const best: [string, number][] = record.bestStep === undefined ? [] : [["best_step", record.bestStep]];
  return new Map([...last, ...results, ...best]);
}

/** Test results stand in the summary alone: they belong to the best model, whose step is not the last. */
const isOfTest = (name: string): boolean => name.startsWith("test");

/** Each step as one row, without the test results. */
function historyRows(run: TrackedRun): StepRow[] {
  const series = new Map([...run.series].filter(([name]) => !isOfTest(name)));
  return stepRows({ ...run, series });
}

/** The end: 0 of a run that came to a result, 1 of others. */
function exitRecord({ record, startedAt, endedAt = startedAt }: TrackedRun): ProtoFields {
  const code = record.status === "finished" || record.status === "stopped" ? 0 : 1;
  return proto((fields) => {
    if (code !== 0) fields.int(1, code);
    fields.int(2, Math.max(0, Math.round((endedAt - startedAt) / 1000)));
  });
}

/** Numbers of the kinds of a record. */
const KIND = { history: 2, summary: 3, files: 6, run: 17, exit: 18, header: 21 } as const;

/**
 * The content of run-ID.wandb: what wandb itself would have written offline.
 * @param files names of the files beside it, in its folder "files"
 */
export function wandbFile(run: TrackedRun, files: readonly string[]): Uint8Array {
  const listed = proto((record) => {
    for (const file of files)
      record.message(
        1,
        proto((each) => each.text(1, file)),
      );
  });
  const records: [keyof typeof KIND, ProtoFields][] = [
    ["header", header()],
    ["run", runRecord(run)],
    ["files", listed],
    ...historyRows(run).map((row): ["history", ProtoFields] => ["history", history(row, run.startedAt)]),
    ["summary", items(summary(run))],
  ];
  if (run.endedAt !== undefined) records.push(["exit", exitRecord(run)]);
  return levelLog(
    START,
    records.map(([kind, message], i) => proto((fields) => fields.int(1, i + 1).message(KIND[kind], message)).bytes()),
  );
}
