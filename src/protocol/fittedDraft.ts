import { answerLength, batchRows, NEW } from "../experiment/draftDefaults.ts";
import type { ExperimentDraft } from "../experiment/draftSchema.ts";

/** What a draft's defaults depend on of its backbone. */
export interface DraftBackbone {
  isCausal: boolean;
  /** Whether its tokenizer has a chat template. */
  hasTemplate: boolean;
  /** Parameters of a prompt of 100 tokens, the budget at which the paper compares methods. */
  budget: number;
}

/** Those of a decoder-only model: larger, and slower, than the embedded backbone. */
const CAUSAL = { batchSize: 8, passes: 3, leastSteps: 10, mostSteps: 300 } as const;
/** The share of the rows that are trained on. */
const TRAINED = 0.8;

/** Some passes over small data, and fewer over data that would take long. */
const causalSteps = (rows: number): number =>
  Math.min(
    CAUSAL.mostSteps,
    Math.max(CAUSAL.leastSteps, Math.round((CAUSAL.passes * TRAINED * rows) / CAUSAL.batchSize)),
  );

/** A draft with the lengths and the batch that it has by default. */
export const filledDraft = (
  draft: ExperimentDraft,
): ExperimentDraft & { maxTargetLength: number; batchSize: number } => ({
  ...draft,
  maxTargetLength: answerLength(draft),
  batchSize: batchRows(draft),
});

/** Conversations in plain form: of several answers only the last can be trained. */
export const inPlainForm = ({ task }: Pick<ExperimentDraft, "task">): Partial<ExperimentDraft> => ({
  prompt: { form: "plain", system: "" },
  ...(task.kind === "chat" && { task: { ...task, trainOn: "last" as const } }),
});

/** Examples in the model's chat template; of conversations every answer is trained. */
export const inChatForm = ({ task }: Pick<ExperimentDraft, "task">): Partial<ExperimentDraft> => ({
  prompt: { form: "chat", system: "" },
  ...(task.kind === "chat" && { task: { ...task, trainOn: "all" as const } }),
});

/**
 * What changes in a draft once it is known what its backbone is: the batch, and the steps and the budget where they
 * are still the defaults.
 * @returns undefined where nothing does
 */
export function fittedDraft(
  draft: ExperimentDraft,
  { backbone, rows }: { backbone: DraftBackbone; rows: number },
): Partial<ExperimentDraft> | undefined {
  const isFitted = draft.batchSize !== undefined;
  if (backbone.isCausal === isFitted) return undefined;
  if (!backbone.isCausal)
    return {
      batchSize: undefined,
      prompt: undefined,
      ...(draft.steps === causalSteps(rows) && { steps: NEW.steps }),
    };
  return {
    batchSize: CAUSAL.batchSize,
    ...(draft.steps === NEW.steps && { steps: causalSteps(rows) }),
    ...(draft.budget === NEW.budget && { budget: backbone.budget }),
    ...(draft.task.kind === "chat" && !backbone.hasTemplate && inPlainForm(draft)),
  };
}
