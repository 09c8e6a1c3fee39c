import * as z from "zod";
import type { PageMessage } from "../../webview/messages.ts";
import { ANALYSIS_NAMES } from "../experiment/analysisNames.ts";

const ids = z.array(z.string());
const Message = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["ready", "stop", "resume", "openFolder", "copyId", "showLog", "stopAnalysis"]) }),
  z.object({ type: z.literal("tab"), tab: z.enum(["training", "ablation", "offsets", "shift", "latency", "compare"]) }),
  z.object({ type: z.literal("analyse"), name: z.enum(ANALYSIS_NAMES) }),
  z.object({ type: z.literal("compare"), ids }),
  z.object({ type: z.literal("diff"), from: z.string(), to: z.string() }),
  z.object({ type: z.literal("save"), name: z.string(), format: z.enum(["png", "csv"]), data: z.string() }),
  z.object({ type: z.literal("copy"), text: z.string() }),
  z.object({ type: z.literal("problem"), message: z.string() }),
]);

/** A message of the page, or undefined where it is none of ours. */
export function parsePageMessage(value: unknown): PageMessage | undefined {
  const parsed = Message.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
