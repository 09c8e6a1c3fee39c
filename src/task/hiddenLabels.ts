import type { TaskSpec } from "../experiment/experiment.ts";
import { CATALOGUE, type TaskDefinition } from "./catalogue.ts";
import type { SomeRows } from "./rows/readRows.ts";
import type { Row } from "./rows/row.ts";

/** What stands in place of a hidden label: -1 as a number or text, a question mark, nothing. */
const MARK = /^(-1(\.0+)?|\?+)?$/;

/**
 * Whether the label of a row is hidden, as benchmarks do in their test sets. Hugging Face's copies have -1, an empty
 * label or null, others a question mark; the files of GLUE and SuperGLUE have no label but a row number, or the input
 * alone.
 */
export function hidesLabel(row: Row, { source, target }: Pick<TaskDefinition, "source" | "target">): boolean {
  const label = target.map((name) => row.fields[name]).find((text) => text !== undefined);
  const list = target.map((name) => row.lists[name]).find((each) => each !== undefined);
  if (label !== undefined || list !== undefined)
    return (label === undefined || MARK.test(label.trim())) && (list ?? []).length === 0;
  const has = (name: string): boolean => Object.hasOwn(row.fields, name) || Object.hasOwn(row.lists, name);
  return ["index", "id", "idx"].some(has) || source.every(({ fields }) => fields.some(has));
}

/** Whether the labels of all rows are hidden; rows that cannot be read are no hidden ones. */
export const hidesAll = ({ rows, bad }: SomeRows, definition: TaskDefinition): boolean =>
  bad === undefined && rows.every((row) => hidesLabel(row, definition));

/** Whether the test files of a named task are read at all: its official splits may be made of the others. */
export const readsTest = ({ name, split }: Extract<TaskSpec, { kind: "named" }>): boolean =>
  split !== "official" || CATALOGUE[name].policy === "given";
