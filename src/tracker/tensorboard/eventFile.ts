import type { RunStatus } from "../../record/events.ts";
import { isLive, isOver } from "../../record/record.ts";
import { runFacts } from "../runFacts.ts";
import { proto, protoValue, type ProtoFields } from "../protoFields.ts";
import { timedRows, type TrackedRun } from "../trackedRun.ts";
import { tfRecord } from "./tfRecord.ts";

// Field numbers are those of TensorBoard's event.proto, summary.proto, tensor.proto and the hparams plugin's
// plugin_data.proto.

/** Types of a tensor's values (DataType). */
const FLOAT = 1;
const STRING = 7;
/** What a value holds (DataClass): a tensor, such as a text. */
const TENSOR = 2;

/** The state of a run for the hparams plugin (Status); undefined: it waits. */
function statusOf(status: RunStatus): number | undefined {
  if (status === "finished" || status === "stopped") return 1;
  if (isOver(status) || status === "interrupted") return 2;
  return isLive(status) ? 3 : undefined;
}

/** One record of an event file. */
export interface EventRecord {
  step: number;
  /** The record with its framing. */
  bytes: Uint8Array;
}

function event(seconds: number, step: number, content: (event: ProtoFields) => void): EventRecord {
  const fields = proto((e) => {
    e.double(1, seconds);
    if (step !== 0) e.int(2, step);
    content(e);
  });
  return { step, bytes: tfRecord(fields.bytes()) };
}

const summary = (seconds: number, step: number, values: readonly ProtoFields[]): EventRecord =>
  event(seconds, step, (e) =>
    e.message(
      5,
      proto((s) => {
        for (const value of values) s.message(1, value);
      }),
    ),
  );

/** Field of an event that says that a program began or went on (SessionLog), and its value START. */
export const SESSION_LOG = 7;
export const SESSION_START = 1;

/** Says that what the file has of a step and of those behind it counts no more: TensorBoard drops it. */
export const restart = (seconds: number, step: number): EventRecord =>
  event(seconds, step, (e) =>
    e.message(
      SESSION_LOG,
      proto((log) => log.int(1, SESSION_START)),
    ),
  );

/** A scalar as every version of TensorBoard reads it: a number of 32 bits. */
const scalar = (name: string, value: number): ProtoFields => proto((v) => v.text(1, name).float(2, value));

function metadata(plugin: string, content: ProtoFields | undefined, dataClass: number | undefined): ProtoFields {
  const data = proto((p) => {
    p.text(1, plugin);
    if (content !== undefined) p.message(2, content);
  });
  return proto((m) => {
    m.message(1, data);
    if (dataClass !== undefined) m.int(4, dataClass);
  });
}

/** A text that the text plugin shows as Markdown. */
const text = (name: string, value: string): ProtoFields => {
  const one = proto((shape) =>
    shape.message(
      2,
      proto((dim) => dim.int(1, 1)),
    ),
  );
  const tensor = proto((t) => t.int(1, STRING).message(2, one).text(8, value));
  return proto((v) =>
    v
      .text(1, name)
      .message(9, metadata("text", undefined, TENSOR))
      .message(8, tensor),
  );
};

/** A value of the hparams plugin, which it reads from the metadata; the tensor is empty, as in TensorBoard's writer. */
function hparams(name: string, field: number, info: ProtoFields): ProtoFields {
  const none = proto((shape) =>
    shape.message(
      2,
      proto((dim) => dim.int(1, 0)),
    ),
  );
  const tensor = proto((t) => t.int(1, FLOAT).message(2, none));
  const content = proto((c) => c.message(field, info));
  return proto((v) =>
    v
      .text(1, name)
      .message(9, metadata("hparams", content, undefined))
      .message(8, tensor),
  );
}

function sessionStart({ settings, startedAt }: TrackedRun): ProtoFields {
  const info = proto((s) => {
    for (const [name, value] of settings)
      s.message(
        1,
        proto((entry) => entry.text(1, name).message(2, protoValue(value))),
      );
    s.double(5, startedAt / 1000);
  });
  return hparams("_hparams_/session_start_info", 3, info);
}

function sessionEnd({ record, endedAt }: TrackedRun): ProtoFields | undefined {
  const status = statusOf(record.status);
  if (status === undefined) return undefined;
  const info = proto((s) => {
    s.int(1, status);
    if (endedAt !== undefined) s.double(2, endedAt / 1000);
  });
  return hparams("_hparams_/session_end_info", 4, info);
}

/** Facts as a table of Markdown. */
function factsTable(run: TrackedRun): string {
  const cell = (value: string): string => value.replaceAll("|", "\\|").replace(/\s+/g, " ");
  const rows = Object.entries(runFacts(run)).map(([name, value]) => `| ${name} | ${cell(String(value))} |`);
  return ["| fact | value |", "|---|---|", ...rows].join("\n");
}

/** The first record of a run's file, which says what kind of file it is. */
export const versionRecord = ({ startedAt }: Pick<TrackedRun, "startedAt">): EventRecord =>
  event(startedAt / 1000, 0, (e) => e.text(3, "brain.Event:2"));

/** The values of a run, a record for each time at which some were measured. */
export const valueRecords = (run: TrackedRun): EventRecord[] =>
  timedRows(run).map(({ step, time, values }) =>
    summary(
      time / 1000,
      step,
      [...values].map(([name, value]) => scalar(name, value)),
    ),
  );

/**
 * The records of a run's event file. What a person can still change (the note, tags), and the end, come last: a file
 * that is made again while a run goes on begins with the bytes of the earlier one.
 */
export function eventRecords(run: TrackedRun): EventRecord[] {
  const start = run.startedAt / 1000;
  const records = [versionRecord(run)];
  if (run.settings.has("trainable")) records.push(summary(start, 0, [sessionStart(run)]));
  const values = valueRecords(run);
  for (const each of values) records.push(each);
  const { record, endedAt } = run;
  if (endedAt === undefined) return records;
  if (!run.settings.has("trainable")) records.push(summary(start, 0, [sessionStart(run)]));
  const last = values.at(-1)?.step ?? 0;
  const end = sessionEnd(run);
  const texts = [text("run", factsTable(run)), ...(record.note === "" ? [] : [text("note", record.note)])];
  records.push(summary(endedAt / 1000, last, [...(end === undefined ? [] : [end]), ...texts]));
  return records;
}

/** The event file of a run. */
export const eventFile = (run: TrackedRun): Uint8Array => Buffer.concat(eventRecords(run).map(({ bytes }) => bytes));
