import * as z from "zod";
import { ANALYSIS_NAMES } from "../experiment/analysisNames.ts";
import { TABS } from "./tabs.ts";

/** A name or an id; it is limited in length. */
const word = z.string().max(300);
/** The longest base64 picture of a figure, in characters; it is the largest message of a page. */
const MOST_DATA = 64 * 1024 * 1024;
const MOST_TEXT = 8 * 1024 * 1024;
const MOST_RUNS = 1000;

/** A message of the results page to the host. */
const PageMessage = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["ready", "stop", "resume", "openFolder", "copyId", "showLog", "stopAnalysis"]) }),
  z.object({ type: z.literal("tab"), tab: z.enum(TABS) }),
  z.object({ type: z.literal("analyse"), name: z.enum(ANALYSIS_NAMES) }),
  z.object({ type: z.literal("compare"), ids: z.array(word).max(MOST_RUNS) }),
  z.object({ type: z.literal("diff"), from: word, to: word }),
  z.object({ type: z.literal("save"), name: word, format: z.enum(["png", "csv"]), data: z.string().max(MOST_DATA) }),
  z.object({ type: z.literal("copy"), text: z.string().max(MOST_TEXT) }),
  z.object({ type: z.literal("problem"), message: z.string().max(5000) }),
]);
export type PageMessage = z.infer<typeof PageMessage>;

/**
 * Checks a message of the results page.
 * @returns undefined for any other value
 */
export function parsePageMessage(value: unknown): PageMessage | undefined {
  const parsed = PageMessage.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
