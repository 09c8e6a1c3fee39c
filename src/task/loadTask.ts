import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import type { TaskSpec } from "../experiment/experiment.ts";
import { loadChatTask } from "./chat/loadChatTask.ts";
import type { Splits, TaskData } from "./example.ts";
import { sourceOf } from "./exampleSource.ts";
import { loadFileTask } from "./fileTask.ts";
import { loadMailTask } from "./mailTask.ts";
import { loadNamedTask } from "./namedTask.ts";
import { drawShots, scoringOf, type OwnTask } from "./ownScoring.ts";
import { loadTextTask } from "./textTask.ts";

/**
 * Loads the examples of a task, split.
 * @throws UserError naming file, line and field
 */
export async function loadTask(spec: TaskSpec): Promise<TaskData> {
  if (spec.kind === "named") return checked(await loadNamedTask(spec));
  const data = await loadSplits(spec);
  const targets = [...new Set(data.train.map(({ target }) => target))];
  const drawn = drawShots(spec, sourceOf(data.train), () => targets.length);
  return checked({ ...data, ...scoringOf(spec, targets), train: drawn ?? data.train });
}

function loadSplits(spec: OwnTask): Promise<Splits> {
  switch (spec.kind) {
    case "file":
      return loadFileTask(spec);
    case "chat":
      return loadChatTask(spec);
    case "text":
      return loadTextTask(spec);
    case "mail":
      return loadMailTask(spec);
  }
}

/** What is said where a split leaves nothing to train on. */
export const nothingToTrain = (): UserError =>
  new UserError(
    "split-without-training",
    phrase`The split leaves no training examples`,
    phrase`Give more data, or lower the fractions in task.split.`,
  );

function checked(data: TaskData): TaskData {
  if (data.train.length === 0) throw nothingToTrain();
  return data;
}
