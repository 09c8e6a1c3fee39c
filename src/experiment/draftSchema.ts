import * as z from "zod";
import { DRAFT_LIMITS } from "./draftLimits.ts";

const LONGEST_PATH = 4096;
const LONGEST_TEMPLATE = 20_000;
const path = z.string().max(LONGEST_PATH);
const template = z.string().max(LONGEST_TEMPLATE);

/** An experiment as the setup page edits it, before its file is written. Paths are absolute. */
export const ExperimentDraft = z.object({
  name: z.string().min(1).max(DRAFT_LIMITS.name),
  task: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("mail") }),
    z.object({ kind: z.literal("chat"), train: path }),
    z.object({ kind: z.literal("file"), train: path, source: template, target: template }),
  ]),
  backbone: path,
  budget: z.number().int().positive(),
  steps: z.number().int().positive().max(DRAFT_LIMITS.steps),
  maxSourceLength: z.number().int().positive().max(100_000),
});
export type ExperimentDraft = z.infer<typeof ExperimentDraft>;
