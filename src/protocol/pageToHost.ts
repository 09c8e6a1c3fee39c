import * as z from "zod";
import { ANALYSIS_NAMES } from "../experiment/analysisNames.ts";
import { TABS } from "./tabs.ts";

/** Characters of a name or an id. */
const word = z.string().max(300);
/** Characters of a figure as a base64 picture, the largest thing that a page sends. */
const MOST_DATA = 64 * 1024 * 1024;
const MOST_TEXT = 8 * 1024 * 1024;
const MOST_RUNS = 1000;

/** From the results page to the host. */
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

/** @returns undefined for anything that is no message of the results page */
export function parsePageMessage(value: unknown): PageMessage | undefined {
  const parsed = PageMessage.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
