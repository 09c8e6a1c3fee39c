import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import type { Experiment, PromptSpec, TaskSpec } from "./experiment.ts";

/** How a decoder-only model reads an example: as text alone, or as a conversation in the model's own chat template. */
export type PromptForm = NonNullable<PromptSpec["form"]>;

/** What of an experiment says how its examples are read. */
export interface ReadAs {
  task: { kind: TaskSpec["kind"]; system?: string | undefined };
  prompt?: PromptSpec | undefined;
}

/** The form in which a decoder-only model reads the examples of an experiment. */
export const promptForm = ({ task, prompt }: ReadAs): PromptForm =>
  prompt?.form ?? (task.kind === "chat" ? "chat" : "plain");

/**
 * Checks that the form of the prompt can hold what the task trains.
 * @throws UserError where it cannot
 */
export function checkPrompt(experiment: Experiment): Experiment {
  const { task } = experiment;
  if (task.kind === "chat" && task.trainOn === "all" && promptForm(experiment) === "plain")
    throw new UserError(
      "plain-form-of-all-answers",
      phrase`prompt.form: "plain" trains the last answer only`,
      phrase`Set task.trainOn to "last", or prompt.form to "chat".`,
    ).about(["prompt", "form"]);
  return experiment;
}
