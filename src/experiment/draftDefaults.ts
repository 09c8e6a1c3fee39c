import type { ExperimentDraft } from "./draftSchema.ts";

/** Settings that new experiments begin with. */
export const NEW = { steps: 900, budget: 12_800, batchSize: 32, maxSourceLength: 256 } as const;
const ANSWER = 20;
const CHAT_ANSWER = 256;

interface AnswerSettings {
  task: { kind: ExperimentDraft["task"]["kind"] };
  maxTargetLength?: number | undefined;
}

/** The longest answer of a draft in tokens; that of a conversation is a text. */
export const answerLength = ({ task, maxTargetLength }: AnswerSettings): number =>
  maxTargetLength ?? (task.kind === "chat" ? CHAT_ANSWER : ANSWER);

/** The examples of a batch. */
export const batchRows = ({ batchSize }: Pick<ExperimentDraft, "batchSize">): number => batchSize ?? NEW.batchSize;
