import type { TaskSpec } from "../experiment/experiment.ts";
import { fieldNames, templateParts, type RowReading } from "../experiment/templateParts.ts";
import { CATALOGUE } from "./catalogue.ts";

/** Tasks whose input is more than a template of fields; `namedTask` composes it in code. */
const IN_CODE = ["wsc", "multirc", "record"];

/** What of a task decides how its rows are read. */
export type ReadTask =
  | Pick<Extract<TaskSpec, { kind: "file" }>, "kind" | "source">
  | Pick<Extract<TaskSpec, { kind: "named" }>, "kind" | "name" | "official">
  | { kind: "chat" | "mail" | "text" };

/** How a task makes text of a row of data; empty for tasks whose data are not rows of fields. */
export function rowReadingOf(task: ReadTask): RowReading {
  if (task.kind === "file") {
    const reading = templateParts(task.source)?.map((part) =>
      "literal" in part ? part : { fields: fieldNames(part.field) },
    );
    return reading === undefined ? {} : { reading };
  }
  if (task.kind !== "named") return {};
  const { source, headerless } = CATALOGUE[task.name];
  const table = headerless === undefined ? {} : { headerless };
  if (IN_CODE.includes(task.name)) return { fields: source.map(({ fields }) => fields), ...table };
  const reading = source.flatMap(({ name, fields }, i) => {
    const isOption = task.name === "winogrande" && name.startsWith("option");
    // The official code prints the first option twice, and never the second.
    const official = isOption && task.official ? ["option1"] : undefined;
    return [{ literal: `${i === 0 ? "" : " "}${name}: ` }, { fields: official ?? fields.slice(isOption ? 1 : 0) }];
  });
  return { reading, ...table };
}
