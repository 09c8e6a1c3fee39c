import { chatExample } from "../../task/chat/loadChatTask.ts";
import type { Example } from "../../task/example.ts";
import { exampleMaker } from "../../task/fileExamples.ts";
import type { Row } from "../../task/rows/row.ts";
import type { RowTask } from "./encodeBlock.ts";

/** What makes an example of a row of a file again. */
export function remadeExample(path: string, task: RowTask): (row: Row) => Example {
  if (task.kind === "chat") return (row) => chatExample(path, row, task);
  const usual = exampleMaker(path, task, []);
  // Only of a template do names with braces decide how it is read.
  return (row) => {
    const odd = Object.keys(row.fields).filter((name) => /[{}]/.test(name));
    return (odd.length === 0 ? usual : exampleMaker(path, task, odd))(row);
  };
}
