import { basename, dirname } from "node:path";
import { RunEvent } from "../../src/record/events.ts";
import type { FileOperation } from "./diskModel.ts";

/** Types of events that a reader may rely on once it has seen them. */
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

/** A durable event of a run, and the number of operations after which it was acknowledged. */
export interface Promised {
  after: number;
  id: string;
  event: RunEvent;
  text: string;
}

/** Returns an event's text as it is when read back. */
export const eventText = (event: RunEvent): string => JSON.stringify(RunEvent.parse(event));

/** The place of a run's events that others have put beside its journal. */
const POST = /^(.*)\/inbox\/[^/]+\.json$/;

/**
 * Returns the events that were put into inboxes. Each counts as acknowledged after the rename that puts it there, or
 * after the sync of the folder that follows directly.
 */
function postsOf(operations: readonly FileOperation[]): Promised[] {
  const open = new Map<string, string>();
  const written = new Map<string, string>();
  return operations.flatMap(({ pid, op, fd, path = "", to = "", bytes = "" }, at): Promised[] => {
    const key = `${pid} ${fd}`;
    if (op === "open") open.set(key, path);
    const file = open.get(key);
    if (op === "write" && file !== undefined) written.set(file, bytes);
    const run = op === "rename" ? POST.exec(to)?.[1] : undefined;
    if (run === undefined) return [];
    const event = RunEvent.parse(JSON.parse(Buffer.from(written.get(path) ?? "", "base64").toString()));
    const next = operations.flatMap((each, i) => (i > at && each.pid === pid ? [{ each, i }] : [])).slice(0, 2);
    const isSynced = next[0]?.each.op === "open" && next[1]?.each.op === "sync";
    return [{ after: (isSynced ? next[1]!.i : at) + 1, id: basename(run), event, text: eventText(event) }];
  });
}

/**
 * Returns the durable events of a recording. An event counts as acknowledged after its write, or after the sync that
 * follows directly, so that a missing sync is detected.
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
  return [...promises, ...postsOf(operations)].sort((a, b) => a.after - b.after);
}
