import * as z from "zod/mini";
import type { DraftLimits } from "../experiment/draftLimits.ts";
import type { ExperimentDraft } from "../experiment/draftSchema.ts";
import { objectOf } from "./pageSchema.ts";
import type { SetupLabels } from "./setupLabels.ts";
import type { Forecast, MemoryAnswer, ShownInspection, SizesAnswer } from "./setupQuestions.ts";

export type { DraftLimits, ExperimentDraft };

const error = z.optional(z.string());

/** From the host to the setup page. Errors are texts in the window's language. */
const SetupHostMessage = z.discriminatedUnion("type", [
  /** The whole state of the form. */
  z.object({
    type: z.literal("start"),
    labels: objectOf<SetupLabels>(),
    limits: objectOf<DraftLimits>(),
    draft: objectOf<ExperimentDraft>(),
    title: z.string(),
    /**
     * The models that are here: those downloaded before, and files of other programs, whose path is the "folder"; with
     * why one cannot be chosen, where that is known.
     */
    downloaded: z.array(z.object({ name: z.string(), folder: z.string(), problem: z.optional(z.string()) })),
  }),
  /** The result of the inspection to which the page gave the number `asked`. */
  z.object({
    type: z.literal("inspection"),
    asked: z.number(),
    result: z.optional(objectOf<ShownInspection>()),
    error,
  }),
  z.object({ type: z.literal("sizes"), result: z.optional(objectOf<SizesAnswer>()), error }),
  z.object({
    type: z.literal("forecast"),
    result: z.optional(objectOf<Forecast>()),
    error,
    memory: z.optional(objectOf<MemoryAnswer>()),
    working: z.boolean(),
    stopped: z.optional(z.boolean()),
  }),
  /** A model of the Hub that learns such data better than the embedded one, and what is said of it. */
  z.object({ type: z.literal("recommended"), name: z.string(), text: z.string() }),
  /** Why a model that is here cannot be chosen, in a few words. */
  z.object({ type: z.literal("unusable"), name: z.string(), problem: z.string() }),
  z.object({ type: z.literal("written"), error }),
  /** The page's last message was not accepted. */
  z.object({ type: z.literal("refused"), error: z.string() }),
]);
export type SetupHostMessage = z.infer<typeof SetupHostMessage>;

/**
 * Checks a message of the host to the setup page.
 * @returns undefined for any other value
 */
export function parseSetupHostMessage(value: unknown): SetupHostMessage | undefined {
  const parsed = SetupHostMessage.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
