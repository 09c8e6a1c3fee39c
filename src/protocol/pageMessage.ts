import * as z from "zod";
import type { PageMessage } from "./pageMessages.ts";
import { ANALYSIS_NAMES } from "../experiment/analysisNames.ts";

/** Letters of what a page sends: a figure as a picture is the largest. */
const word = z.string().max(300);
const MOST_DATA = 64 * 1024 * 1024;
const MOST_TEXT = 8 * 1024 * 1024;
const ids = z.array(word).max(1000);
const Message = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["ready", "stop", "resume", "openFolder", "copyId", "showLog", "stopAnalysis"]) }),
  z.object({ type: z.literal("tab"), tab: z.enum(["training", "ablation", "offsets", "shift", "latency", "compare"]) }),
  z.object({ type: z.literal("analyse"), name: z.enum(ANALYSIS_NAMES) }),
  z.object({ type: z.literal("compare"), ids }),
  z.object({ type: z.literal("diff"), from: word, to: word }),
  z.object({ type: z.literal("save"), name: word, format: z.enum(["png", "csv"]), data: z.string().max(MOST_DATA) }),
  z.object({ type: z.literal("copy"), text: z.string().max(MOST_TEXT) }),
  z.object({ type: z.literal("problem"), message: z.string().max(5000) }),
]);

/** A message of the page, or undefined where it is none of ours. */
export function parsePageMessage(value: unknown): PageMessage | undefined {
  const parsed = Message.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
