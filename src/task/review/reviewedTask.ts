import type { TaskSpec } from "../../experiment/experiment.ts";
import { fieldNames, templateParts } from "../../experiment/templateParts.ts";
import { CATALOGUE } from "../catalogue.ts";
import type { Example } from "../example.ts";
import { rowReadingOf, type ReadTask } from "../rowReading.ts";
import type { SplitName } from "../splitNames.ts";
import type { ReviewedTask } from "./dataReview.ts";
import type { Facts } from "./facts.ts";

/** The columns that a template uses. */
export const columnsIn = (template: string): string[] =>
  (templateParts(template) ?? []).flatMap((part) => ("literal" in part ? [] : fieldNames(part.field)));

/** What of a task decides how it is reviewed. */
type ReviewSpec =
  Exclude<ReadTask, { kind: "file" }> | Pick<Extract<TaskSpec, { kind: "file" }>, "kind" | "source" | "target">;

function targetsOf(task: ReviewSpec): readonly string[] {
  if (task.kind === "file") return columnsIn(task.target);
  return task.kind === "named" ? CATALOGUE[task.name].target : [];
}

/** What a review has to know of a task. */
export function reviewedTask(task: ReviewSpec, drawn: readonly SplitName[] = []): ReviewedTask {
  const { reading = [], fields = [] } = rowReadingOf(task);
  const parts = reading.flatMap((part) => ("literal" in part ? [] : part.fields));
  return { inputs: [...parts, ...fields.flat()], targets: targetsOf(task), drawn };
}

/** What a review is told of an example. */
export function factsOf({ source, target, origin }: Example): Facts {
  if (origin === undefined) return { source, target };
  const { path, row } = origin;
  return { source, target, values: row.fields, row: { path, line: row.line, ...(row.unit && { unit: row.unit }) } };
}
