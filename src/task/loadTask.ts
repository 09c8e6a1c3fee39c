import { UserError } from "../experiment/errors.ts";
import type { TaskSpec } from "../experiment/experiment.ts";
import type { TaskData } from "./example.ts";
import { loadFileTask } from "./fileTask.ts";
import { loadMailTask } from "./mailTask.ts";
import { loadTextTask } from "./textTask.ts";
import { loadNamedTask } from "./namedTask.ts";

const MOST_LABELS = 50;

/** The examples of a task, split. @throws UserError naming file, line and field */
export async function loadTask(spec: TaskSpec): Promise<TaskData> {
  if (spec.kind === "named") return checked(await loadNamedTask(spec));
  if (spec.kind === "text") return checked({ ...await loadTextTask(spec), labels: [], metrics: ["answerF1"] });
  const data = spec.kind === "file" ? await loadFileTask(spec) : await loadMailTask(spec);
  const labels = [...new Set(data.train.map((e) => e.target))].sort();
  return checked({ ...data, labels: labels.length <= MOST_LABELS ? labels : [], metrics: ["accuracy"] });
}

function checked(data: TaskData): TaskData {
  if (data.train.length === 0) throw new UserError("The split leaves no training examples", "Give more data, or lower the fractions in task.split.");
  return data;
}
