import * as z from "zod";
import { DRAFT_LIMITS } from "./draftLimits.ts";

const LONGEST_PATH = 4096;
const LONGEST_TEMPLATE = 20_000;
const MOST_ROWS = 4096;
const path = z.string().max(LONGEST_PATH);
const template = z.string().max(LONGEST_TEMPLATE);
const length = z.number().int().positive().max(100_000);

/** How a decoder-only model reads the examples of a draft; an empty system prompt is none. */
export const DraftPrompt = z.object({ form: z.enum(["plain", "chat"]), system: template });

/** An experiment as the setup page edits it, before its file is written. Paths are absolute. */
export const ExperimentDraft = z.object({
  name: z.string().min(1).max(DRAFT_LIMITS.name),
  task: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("mail") }),
    z.object({ kind: z.literal("chat"), train: path, trainOn: z.enum(["all", "last"]).optional() }),
    z.object({ kind: z.literal("file"), train: path, source: template, target: template }),
  ]),
  backbone: path,
  prompt: DraftPrompt.optional(),
  budget: z.number().int().positive(),
  steps: z.number().int().positive().max(DRAFT_LIMITS.steps),
  maxSourceLength: length,
  maxTargetLength: length.optional(),
  batchSize: z.number().int().positive().max(MOST_ROWS).optional().describe("given for decoder-only models"),
});
export type ExperimentDraft = z.infer<typeof ExperimentDraft>;
