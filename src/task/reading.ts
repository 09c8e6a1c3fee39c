import type { TaskSpec } from "../experiment/experiment.ts";
import { fieldNames, templateParts, type ReadingPart } from "../experiment/templateParts.ts";
import { CATALOGUE } from "./catalogue.ts";

/** Tasks whose input is more than their fields between words of their own: it is put together in code. */
const IN_CODE = ["wsc", "multirc", "record"];

/** How a task reads a row of data, where that is a template; undefined for tasks that are no rows of fields, or that are put together in code. */
export function readingOf(task: TaskSpec): ReadingPart[] | undefined {
  if (task.kind === "file") return templateParts(task.source)?.map((part) => ("literal" in part ? part : { fields: fieldNames(part.field) }));
  if (task.kind !== "named" || IN_CODE.includes(task.name)) return undefined;
  return CATALOGUE[task.name].source.flatMap(({ name, fields }, i) => {
    const options = task.name === "winogrande" && name.startsWith("option") ? (task.official ? ["option1"] : fields.slice(1)) : [...fields];
    return [{ literal: `${i === 0 ? "" : " "}${name}: ` }, { fields: options }];
  });
}
