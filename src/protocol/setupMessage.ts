import * as z from "zod";
import type { SetupPageMessage } from "./setupMessages.ts";
import { DRAFT_LIMITS } from "../experiment/experimentDraft.ts";

/** Letters of a path, and of a template. */
const place = z.string().max(4096);
const template = z.string().max(20_000);

export const Draft = z.object({
  name: z.string().min(1).max(DRAFT_LIMITS.name),
  task: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("mail") }),
    z.object({ kind: z.literal("file"), train: place, source: template, target: template }),
  ]),
  backbone: place,
  budget: z.number().int().positive(),
  steps: z.number().int().positive().max(DRAFT_LIMITS.steps),
  maxSourceLength: z.number().int().positive().max(100_000),
});
const Message = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["ready", "chooseData"]) }),
  z.object({ type: z.literal("chooseBackbone"), how: z.enum(["embedded", "folder", "hub"]) }),
  z.object({ type: z.enum(["draft", "reread"]), draft: Draft, asked: z.number().int() }),
  z.object({ type: z.literal("forecast"), measure: z.boolean() }),
  z.object({ type: z.literal("write"), draft: Draft, train: z.boolean() }),
  z.object({ type: z.literal("problem"), message: z.string().max(5000) }),
]);

/** A message of the setup page, or where it is none that the host takes. */
export function parseSetupMessage(value: unknown): { message: SetupPageMessage } | { wrong: string } {
  const parsed = Message.safeParse(value);
  return parsed.success
    ? { message: parsed.data }
    : {
        wrong: parsed.error.issues
          .slice(0, 5)
          .map(({ path, message }) => `${path.join(".")}: ${message}`)
          .join("; ")
          .slice(0, 1000),
      };
}

/** What a setup page remembered of its form, or undefined. */
export function parseDraft(value: unknown): z.infer<typeof Draft> | undefined {
  const parsed = z.object({ draft: Draft }).safeParse(value);
  return parsed.success ? parsed.data.draft : undefined;
}
