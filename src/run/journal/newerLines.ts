import * as z from "zod";
import { LAST_TIME, RunEvent } from "../../record/events.ts";
import type { NewerVersion } from "../../base/newerVersion.ts";

const Line = z.looseObject({
  type: z.string(),
  time: z.number().min(0).max(LAST_TIME),
  version: z.number().int().optional(),
});
/** Stand-ins for values of the "created" event that a newer version no longer writes. */
const UNKNOWN = { id: "", name: "", method: "", task: "", backbone: "", seed: 0, steps: 0 };
const KNOWN = new Set<string>(RunEvent.options.map(({ shape }) => shape.type.value));
/** The version of the journal that this code writes. */
export const JOURNAL_VERSION = 1;

/**
 * Interprets a complete line that is not an event of this version. The "created" event of a newer version keeps the
 * values that it still has; an unknown type becomes a "newer" event. Returns undefined for a line that no version would
 * write.
 */
export function readNewerLine(json: unknown): RunEvent | undefined {
  const { data } = Line.safeParse(json);
  if (data === undefined) return undefined;
  const { type, time, version } = data;
  const isLater = type === "created" && version !== undefined && version > JOURNAL_VERSION;
  if (!isLater) return KNOWN.has(type) ? undefined : { type: "newer", time };
  const created = RunEvent.safeParse({ ...UNKNOWN, ...data });
  return created.success ? created.data : { type: "newer", time, version };
}

/** Returns the newer version that an event shows, if it does. */
export function newerVersionOf(event: RunEvent): NewerVersion | undefined {
  if (event.type === "newer") return { version: event.version };
  return event.type === "created" && event.version > JOURNAL_VERSION ? { version: event.version } : undefined;
}

const STARTS = [...KNOWN].filter((type) => type !== "created" && type !== "newer").map((type) => `{"type":"${type}"`);

/** Whether a line may show a newer version, by its beginning alone: of a long journal few lines need to be parsed. */
export const mayBeNewer = (line: string): boolean => !STARTS.some((start) => line.startsWith(start));
