import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import type { TaskSpec } from "../experiment/experiment.ts";
import { permutation } from "../base/random.ts";
import { loadChatTask } from "./chat/loadChatTask.ts";
import type { Example, Splits, TaskData } from "./example.ts";
import { balancedShots, officialShots } from "./fewShots.ts";
import { loadFileTask } from "./fileTask.ts";
import { loadMailTask } from "./mailTask.ts";
import { loadTextTask } from "./textTask.ts";
import { loadNamedTask } from "./namedTask.ts";

/** A file with more distinct targets than this is a task of free text, without labels. */
const MOST_LABELS = 50;

/**
 * Loads the examples of a task, split.
 * @throws UserError naming file, line and field
 */
export async function loadTask(spec: TaskSpec): Promise<TaskData> {
  if (spec.kind === "named") return checked(await loadNamedTask(spec));
  const data = await loadSplits(spec);
  if (spec.kind === "text" && spec.label === undefined)
    return checked({ ...data, train: fewShots(data.train, [], spec.shots), labels: [], metrics: ["answerF1"] });
  const labels = [...new Set(data.train.map((e) => e.target))].sort();
  if (spec.kind === "chat" && labels.length > MOST_LABELS)
    return checked({ ...data, train: someOf(data.train, spec.shots), labels: [], metrics: ["answerF1"] });
  return checked({
    ...data,
    train: fewShots(data.train, labels, spec.shots),
    labels: labels.length <= MOST_LABELS ? labels : [],
    metrics: ["accuracy"],
  });
}

function loadSplits(spec: Exclude<TaskSpec, { kind: "named" }>): Promise<Splits> {
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

/** Draws a few training examples, where the task asks for that. */
function fewShots(
  train: Example[],
  labels: readonly string[],
  shots: Extract<TaskSpec, { kind: "file" }>["shots"],
): Example[] {
  if (shots === undefined) return train;
  const seed = shots.seed ?? 0;
  return shots.sampling === "balanced"
    ? balancedShots(train, shots.k, seed)
    : officialShots(train, { k: shots.k, seed }, { classOf: ({ target }) => target, classes: labels.length });
}

/** Draws a few training examples of free text, which has no classes to draw evenly from. */
function someOf(train: Example[], shots: Extract<TaskSpec, { kind: "chat" }>["shots"]): Example[] {
  if (shots === undefined) return train;
  return Array.from(permutation(train.length, shots.seed ?? 0).slice(0, shots.k), (at) => train[at]!);
}

function checked(data: TaskData): TaskData {
  if (data.train.length === 0)
    throw new UserError(
      "split-without-training",
      phrase`The split leaves no training examples`,
      phrase`Give more data, or lower the fractions in task.split.`,
    );
  return data;
}
