import * as z from "zod";
import type { SetupPageMessage } from "../../webview/setupMessages.ts";

export const Draft = z.object({
  name: z.string().max(200), task: z.discriminatedUnion("kind", [z.object({ kind: z.literal("mail") }), z.object({ kind: z.literal("file"), train: z.string(), source: z.string(), target: z.string() })]),
  backbone: z.string(), budget: z.number().int().positive(), steps: z.number().int().positive().max(10_000_000), maxSourceLength: z.number().int().positive().max(100_000),
});
const Message = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["ready", "chooseData"]) }),
  z.object({ type: z.literal("chooseBackbone"), how: z.enum(["embedded", "folder", "hub"]) }),
  z.object({ type: z.literal("draft"), draft: Draft }),
  z.object({ type: z.literal("write"), draft: Draft, train: z.boolean() }),
  z.object({ type: z.literal("problem"), message: z.string() }),
]);

/** A message of the setup page, or undefined where it is none of ours. */
export function parseSetupMessage(value: unknown): SetupPageMessage | undefined {
  const parsed = Message.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}

/** What a setup page remembered of its form, or undefined. */
export function parseDraft(value: unknown): z.infer<typeof Draft> | undefined {
  const parsed = z.object({ draft: Draft }).safeParse(value);
  return parsed.success ? parsed.data.draft : undefined;
}
