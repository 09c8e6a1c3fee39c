import type { TaskSpec } from "../experiment/experiment.ts";
import { fieldNames, templateParts, type RowReading } from "../experiment/templateParts.ts";
import { CATALOGUE } from "./catalogue.ts";

/** Tasks whose input is more than their fields between words of their own: it is put together in code. */
const IN_CODE = ["wsc", "multirc", "record"];

/** How a task reads a row of data; nothing of tasks that are no rows of fields. */
export function rowReadingOf(task: TaskSpec): RowReading {
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
    const options =
      task.name === "winogrande" && name.startsWith("option")
        ? task.official
          ? ["option1"]
          : fields.slice(1)
        : [...fields];
    return [{ literal: `${i === 0 ? "" : " "}${name}: ` }, { fields: options }];
  });
  return { reading, ...table };
}
