import * as z from "zod";
import { ExperimentDraft } from "../experiment/draftSchema.ts";

const MOST_WRONG = 5;
const LONGEST_WRONG = 1000;

/** A message of the setup page to the host. */
const SetupPageMessage = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["ready", "chooseData"]) }),
  z.object({
    type: z.literal("chooseBackbone"),
    how: z.enum(["embedded", "folder", "file", "hub", "downloaded"]),
    name: z
      .string()
      .max(2000)
      .optional()
      .describe("the model that is here, or that of the Hub where the page names it"),
  }),
  z.object({
    type: z
      .enum(["draft", "reread"])
      .describe(
        "draft: inspect the data of this draft; reread: the same in a new process, because the last one took too long",
      ),
    draft: ExperimentDraft,
    asked: z
      .number()
      .int()
      .describe(
        "number of the inspection; a change of the task, the backbone or the length starts one with another number",
      ),
  }),
  z.object({ type: z.literal("forecast"), measure: z.boolean().describe("false: stop the measurement") }),
  z.object({ type: z.literal("write"), draft: ExperimentDraft, train: z.boolean() }),
  z.object({ type: z.literal("problem"), message: z.string().max(5000) }),
]);
export type SetupPageMessage = z.infer<typeof SetupPageMessage>;

/** Checks a message of the setup page; `wrong` says why a value is not one. */
export function parseSetupMessage(value: unknown): { message: SetupPageMessage } | { wrong: string } {
  const parsed = SetupPageMessage.safeParse(value);
  if (parsed.success) return { message: parsed.data };
  const wrong = parsed.error.issues
    .slice(0, MOST_WRONG)
    .map(({ path, message }) => `${path.join(".")}: ${message}`)
    .join("; ");
  return { wrong: wrong.slice(0, LONGEST_WRONG) };
}

/** Reads the draft from the saved state of a setup page; undefined where it is malformed. */
export function parseDraft(value: unknown): ExperimentDraft | undefined {
  const parsed = z.object({ draft: ExperimentDraft }).safeParse(value);
  return parsed.success ? parsed.data.draft : undefined;
}
