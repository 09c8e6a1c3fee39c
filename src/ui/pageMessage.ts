import type { PageMessage } from "../../webview/messages.ts";

const PLAIN: ReadonlySet<unknown> = new Set<PageMessage["type"]>(["ready", "stop", "resume", "openFolder", "copyId", "showLog"]);

/** Whether a message that came from the page is one of ours. */
export function isPageMessage(value: unknown): value is PageMessage {
  if (typeof value !== "object" || value === null || !("type" in value)) return false;
  return PLAIN.has(value.type) || (value.type === "problem" && "message" in value && typeof value.message === "string");
}
