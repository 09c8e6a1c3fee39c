import { answerLength } from "./draftDefaults.ts";
import type { ExperimentDraft } from "./draftSchema.ts";
import type { ExperimentInput } from "./experiment.ts";

/** Settings that the mail sample trains well with. */
const SAMPLE: { method: { initText: string }; training: NonNullable<ExperimentInput["training"]> } = {
  method: { initText: "choose ham or spam or positive or negative. text:" },
  training: { maxTargetLength: 4, selection: "loss", validationLimit: 300, testLimit: 600 },
};
/** The number of evaluations in a run. */
const EVALUATIONS = 6;
/** The steps of a warm-up by default; it is a tenth of a shorter run. */
const LONGEST_WARMUP = 50;

/**
 * The experiment that a draft describes.
 * @param path turns an absolute path into the one that is written
 */
export function experimentOf(
  draft: ExperimentDraft,
  path: (absolute: string) => string = (absolute) => absolute,
): ExperimentInput {
  const { name, task, backbone, prompt, budget, steps, batchSize, maxSourceLength, maxTargetLength } = draft;
  const sample = task.kind === "mail" ? SAMPLE : undefined;
  return {
    name,
    backbone: backbone === "tiny-t5" ? backbone : path(backbone),
    task: task.kind === "mail" ? task : { ...task, train: path(task.train) },
    ...(prompt !== undefined && { prompt: promptOf(prompt) }),
    method: { kind: "adept", budget, ...sample?.method },
    training: {
      steps,
      ...(batchSize !== undefined && { batchSize, warmup: Math.min(LONGEST_WARMUP, Math.ceil(steps / 10)) }),
      evaluateEvery: Math.max(1, Math.round(steps / EVALUATIONS)),
      maxSourceLength,
      ...((task.kind === "chat" || maxTargetLength !== undefined) && { maxTargetLength: answerLength(draft) }),
      ...(task.kind === "chat" && { selection: "loss" as const }),
      ...sample?.training,
    },
  };
}

/** The plain form has no turns, so it has no system turn. */
const promptOf = ({ form, system }: NonNullable<ExperimentDraft["prompt"]>): NonNullable<ExperimentInput["prompt"]> =>
  form === "chat" && system.trim() !== "" ? { form, system } : { form };

/**
 * Comments in an experiment file that the setup page writes, in the window's language: `head` on the first line, the
 * others beside the line of their key.
 */
export interface ExperimentNotes {
  head: string;
  backbone: string;
  source: string;
  target: string;
  budget: string;
  maxSourceLength: string;
}

/** The text of an experiment file with its comments. */
export function experimentText(experiment: ExperimentInput, { head, ...notes }: ExperimentNotes): string {
  // The indentation of each key; some of these keys occur deeper in the file with another meaning.
  const depths: Record<keyof typeof notes, number> = {
    backbone: 2,
    source: 4,
    target: 4,
    budget: 4,
    maxSourceLength: 4,
  };
  const comment = (text: string): string => `// ${text.replace(/\s+/g, " ")}`;
  const lines = JSON.stringify(experiment, undefined, 2)
    .split("\n")
    .map((line) => {
      const key = (Object.keys(depths) as (keyof typeof notes)[]).find((each) =>
        line.startsWith(`${" ".repeat(depths[each])}"${each}": `),
      );
      return key === undefined ? line : `${line} ${comment(notes[key])}`;
    });
  return `${comment(head)}\n${lines.join("\n")}\n`;
}
