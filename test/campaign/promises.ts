import { basename, dirname } from "node:path";
import { RunEvent } from "../../src/record/events.ts";
import type { FileOperation } from "./diskModel.ts";

/** Events that whoever hears of them may count on. */
const COUNTED_ON: readonly RunEvent["type"][] = [
  "created",
  "status",
  "engine",
  "checkpoint",
  "error",
  "git",
  "sources",
  "evaluation",
  "precision",
  "annotated",
];

/** What was said of a run, and after how many operations it had been said. */
export interface Promised {
  after: number;
  id: string;
  event: RunEvent;
  text: string;
}

/** An event's text, as it reads back. */
export const eventText = (event: RunEvent): string => JSON.stringify(RunEvent.parse(event));

/**
 * The durable events of a recording. One is said when its write is done and, where one follows at once, its sync: not
 * later, so that a sync that is missing is missed.
 */
export function promisesOf(operations: readonly FileOperation[]): Promised[] {
  const open = new Map<string, string>();
  const promises: Promised[] = [];
  for (const [at, { pid, op, fd, path = "", bytes = "" }] of operations.entries()) {
    const key = `${pid} ${fd}`;
    if (op === "open") open.set(key, path);
    const file = open.get(key);
    if (op !== "write" || file === undefined || basename(file) !== "events.jsonl") continue;
    const event = RunEvent.parse(JSON.parse(Buffer.from(bytes, "base64").toString()));
    const own = operations.findIndex((each, i) => i > at && each.pid === pid);
    const next = operations[own];
    if (COUNTED_ON.includes(event.type))
      promises.push({
        after: next?.op === "sync" && next.fd === fd ? own + 1 : at + 1,
        id: basename(dirname(file)),
        event,
        text: eventText(event),
      });
  }
  return promises;
}
