import type { RunEvent } from "./events.ts";

/** When a run finished, in milliseconds since the epoch; undefined where it has not. */
export function finishedAt(events: readonly RunEvent[]): number | undefined {
  const last = events.findLast(({ type }) => type === "status");
  return last?.type === "status" && last.status === "finished" ? last.time : undefined;
}
