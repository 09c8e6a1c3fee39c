import type { TaskSpec } from "../../experiment/experiment.ts";
import { chatExample } from "../../task/chat/loadChatTask.ts";
import { examplesOf, fileExamples, type FileExamples } from "../../task/fileExamples.ts";
import { textHash } from "../../task/counts/textHash.ts";
import { BadRows, type SentBadRows } from "../../task/rows/badRows.ts";
import { blockRows, type BlockForm, type DataBlock } from "../../task/rows/dataBlocks.ts";
import type { Row } from "../../task/rows/row.ts";
import { rowBytes } from "./storedRow.ts";
import type { ExampleEncoder } from "../batch/exampleEncoder.ts";
import type { TokenisedExample } from "../batch/tokenisedExample.ts";
import { FIELD, FIELDS, IdWriter, type IdBytes, type StoredIds } from "./exampleRecord.ts";

/** Examples that are encoded together. */
const TOGETHER = 256;

/** A task whose files may be large. */
export type RowTask = Extract<TaskSpec, { kind: "file" | "chat" }>;

/** A part of a data file: bytes of whole records, or rows that were read already. */
export type EncodeTask = { path: string } & ({ form: BlockForm; block: DataBlock } | { rows: Row[] });

/** Encoded examples of a part of a file, as they are stored; places are not set yet. */
export interface EncodedBlock {
  count: number;
  ids: StoredIds;
  index: Uint32Array<ArrayBuffer>;
  /** Their rows as JSON, one behind the other. */
  rows: Uint8Array<ArrayBuffer>;
  bad: SentBadRows;
}

/** What encodes examples. */
export interface BlockEncoder {
  task: RowTask;
  encoder: ExampleEncoder;
  idBytes: IdBytes;
}

function examplesIn(task: RowTask, part: EncodeTask): FileExamples {
  const bad = new BadRows();
  const rows = "rows" in part ? part.rows : blockRows(part.form, part.block, bad.add);
  const data = { rows, all: false, bad };
  return task.kind === "file"
    ? fileExamples(part.path, data, task)
    : examplesOf(data, (row) => chatExample(part.path, row, task));
}

function fillIndex(index: Uint32Array, at: number, encoded: TokenisedExample): void {
  const { low, high } = textHash(encoded.target);
  index[at + FIELD.source] = encoded.ids.length;
  index[at + FIELD.target] = encoded.labels.length;
  index[at + FIELD.masked] = encoded.targetIds === undefined ? 0 : 1;
  index[at + FIELD.cutSource] = encoded.cut?.source ?? 0;
  index[at + FIELD.cutTarget] = encoded.cut?.target ?? 0;
  index[at + FIELD.cutAt] = encoded.cut?.at ?? 0;
  index[at + FIELD.hashLow] = low;
  index[at + FIELD.hashHigh] = high;
}

/**
 * Makes examples of a part of a data file, and tokens of them.
 * @throws UserError where the part cannot be read, or an example has no form that the model reads
 */
export async function encodeBlock(part: EncodeTask, { task, encoder, idBytes }: BlockEncoder): Promise<EncodedBlock> {
  const { examples, bad } = examplesIn(task, part);
  const index = new Uint32Array(examples.length * FIELDS);
  const ids = new IdWriter(idBytes);
  const rows: Buffer[] = [];
  for (let from = 0; from < examples.length; from += TOGETHER) {
    const some = examples.slice(from, from + TOGETHER);
    // Together, so that words which are not known yet are asked for at once.
    const all = await Promise.all(some.map((example) => encoder.encode(example)));
    for (const [own, encoded] of all.entries()) {
      const at = (from + own) * FIELDS;
      const row = rowBytes(some[own]!.origin!.row);
      fillIndex(index, at, encoded);
      index[at + FIELD.rowBytes] = row.length;
      rows.push(row);
      ids.add(encoded);
    }
  }
  return { count: examples.length, ids: ids.written(), index, rows: joined(rows), bad: bad.sent };
}

function joined(parts: readonly Buffer[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
