import protobuf from "protobufjs/minimal.js";
import { restart, SESSION_LOG, SESSION_START, type EventRecord } from "./eventFile.ts";
import { readTfRecords } from "./tfRecord.ts";

/** What a file has: a record, or that the program went on at a step. */
interface FoundRecord extends EventRecord {
  isRestart: boolean;
}

/** Field numbers and wire types of an event: field << 3 | type. */
const STEP = (2 << 3) | 0;
const LOG = (SESSION_LOG << 3) | 2;
const LOG_STATUS = (1 << 3) | 0;

function isStart(log: Uint8Array): boolean {
  const reader = protobuf.Reader.create(log);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === LOG_STATUS) return reader.uint32() === SESSION_START;
    reader.skipType(tag & 7);
  }
  return false;
}

function foundRecord({ bytes, data }: { bytes: Buffer; data: Buffer }): FoundRecord {
  const reader = protobuf.Reader.create(data);
  const found = { step: 0, bytes, isRestart: false };
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === STEP) found.step = Number(reader.int64());
    else if (tag === LOG) found.isRestart = isStart(reader.bytes());
    else reader.skipType(tag & 7);
  }
  return found;
}

/** The records that count, as TensorBoard reads them: a restart drops those of its step and of later ones. */
function counting(records: readonly FoundRecord[]): EventRecord[] {
  let counted: EventRecord[] = [];
  for (const record of records)
    if (record.isRestart) counted = counted.filter(({ step }) => step < record.step);
    else counted.push(record);
  return counted;
}

/** A record as a text to be compared. */
const textOf = ({ bytes }: EventRecord): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");

/** How a file goes on. */
export interface Continuation {
  /** Bytes of it that stay; behind them is at most a record that was not written to its end. */
  keep: number;
  records: EventRecord[];
}

/**
 * How a file that TensorBoard may be reading goes on, so that what it reads is what is wanted. Nothing in the file is
 * changed: what a resumed run has repeated is dropped by a restart and written again.
 * @param wanted all records that shall count, the file's version first
 * @param seconds the time of a restart, in seconds since the epoch
 * @returns undefined where the file is of another kind, or damaged, and cannot go on
 */
export function continuation(file: Buffer, wanted: readonly EventRecord[], seconds: number): Continuation | undefined {
  const { records, size } = readTfRecords(file);
  const [version, ...found] = records;
  const [first, ...rest] = wanted;
  if (version === undefined || first === undefined || !version.bytes.equals(first.bytes)) return undefined;
  const counted = counting(found.map(foundRecord));
  const there = new Set(counted.map(textOf));
  const meant = new Set(rest.map(textOf));
  let from = Infinity;
  for (const record of counted) if (!meant.has(textOf(record))) from = Math.min(from, record.step);
  const lacking = rest.filter((record) => record.step >= from || !there.has(textOf(record)));
  return { keep: size, records: from === Infinity ? lacking : [restart(seconds, from), ...lacking] };
}
