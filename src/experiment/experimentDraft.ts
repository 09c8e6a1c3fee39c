import type { ExperimentInput } from "./experiment.ts";

/** What the setup page has of an experiment before it is written; paths are absolute. */
export interface ExperimentDraft {
  name: string; task: { kind: "mail" } | { kind: "file"; train: string; source: string; target: string };
  backbone: string; budget: number; steps: number; maxSourceLength: number;
}

/** What the host takes of a draft: units of its name, steps. */
export const DRAFT_LIMITS = { name: 200, steps: 10_000_000 };
export type DraftLimits = Readonly<typeof DRAFT_LIMITS>;

/** What the sample trains well with. */
const SAMPLE: { method: { initText: string }; training: NonNullable<ExperimentInput["training"]> } = {
  method: { initText: "choose ham or spam or positive or negative. text:" },
  training: { maxTargetLength: 4, selection: "loss", validationLimit: 300, testLimit: 600 },
};
/** Evaluations while training. */
const EVALUATIONS = 6;

/** The experiment of a draft. @param path turns an absolute path into the one to be written */
export function experimentOf({ name, task, backbone, budget, steps, maxSourceLength }: ExperimentDraft, path: (absolute: string) => string = (absolute) => absolute): ExperimentInput {
  const sample = task.kind === "mail" ? SAMPLE : undefined;
  return {
    name, backbone: backbone === "tiny-t5" ? backbone : path(backbone), task: task.kind === "mail" ? task : { ...task, train: path(task.train) },
    method: { kind: "adept", budget, ...sample?.method }, training: { steps, evaluateEvery: Math.max(1, Math.round(steps / EVALUATIONS)), maxSourceLength, ...sample?.training },
  };
}

/** Notes beside the lines of an experiment file. @param sizes what the budget comes to */
export function experimentText(experiment: ExperimentInput, sizes: { promptLength: number; bottleneck: number; count: number } | undefined): string {
  const notes: [line: RegExp, note: string][] = [
    [/^ {2}"backbone": /, experiment.backbone === "tiny-t5" ? "embedded; or the path of a Hugging Face T5 folder" : "a Hugging Face T5 folder, or \"tiny-t5\", which is embedded"],
    [/^ {4}"source": /, "what the model reads of each row: your words, and {columns}"],
    [/^ {4}"target": /, "what it is to answer"],
    [/^ {4}"budget": /, sizes === undefined ? "most trainable parameters" : `most trainable parameters: a prompt of ${sizes.promptLength} tokens and ${sizes.bottleneck} hidden units, ${sizes.count} in all`],
    [/^ {4}"maxSourceLength": /, "tokens of each text that are read"],
  ];
  const lines = JSON.stringify(experiment, undefined, 2).split("\n").map((line) => { const note = notes.find(([pattern]) => pattern.test(line))?.[1]; return note === undefined ? line : `${line} // ${note}`; });
  return `// An experiment of ADePT Lab: train it by the button above, by "ADePT: Train ADePT", or by \`adept train\` in a terminal.\n${lines.join("\n")}\n`;
}
