import { UserError } from "../experiment/errors.ts";
import type { TaskSpec } from "../experiment/experiment.ts";
import type { TaskData } from "./example.ts";
import { loadFileTask } from "./fileTask.ts";
import { loadMailTask } from "./mailTask.ts";

const MOST_LABELS = 50;

/** The examples of a task, split. @throws UserError naming file, line and field */
export async function loadTask(spec: TaskSpec): Promise<TaskData> {
  const data = spec.kind === "file" ? loadFileTask(spec) : await loadMailTask(spec);
  if (data.train.length === 0) throw new UserError("The split leaves no training examples", "Give more data, or lower the fractions in task.split.");
  const labels = [...new Set(data.train.map((e) => e.target))].sort();
  return { ...data, labels: labels.length <= MOST_LABELS ? labels : [] };
}
