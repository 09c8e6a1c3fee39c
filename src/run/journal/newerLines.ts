import * as z from "zod";
import { LAST_TIME, RunEvent } from "../../record/events.ts";
import type { NewerVersion } from "../../base/newerVersion.ts";

const Line = z.looseObject({
  type: z.string(),
  time: z.number().min(0).max(LAST_TIME),
  version: z.number().int().optional(),
});
/** What a journal's first line has, where a newer one has it no more. */
const UNKNOWN = { id: "", name: "", method: "", task: "", backbone: "", seed: 0, steps: 0 };
const KNOWN = new Set<string>(RunEvent.options.map(({ shape }) => shape.type.value));
export const JOURNAL_VERSION = 1;

/**
 * What can be read of a whole line that is no event known here: of a newer version's first line what it still has, of a
 * kind of event that is new that there is one. Undefined for what no version would write.
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

/** The newer version that an event tells of. */
export function newerVersionOf(event: RunEvent): NewerVersion | undefined {
  if (event.type === "newer") return { version: event.version };
  return event.type === "created" && event.version > JOURNAL_VERSION ? { version: event.version } : undefined;
}

const STARTS = [...KNOWN].filter((type) => type !== "created" && type !== "newer").map((type) => `{"type":"${type}"`);

/** Whether a line may tell of a newer version, by its start alone: a long journal has few such. */
export const mayBeNewer = (line: string): boolean => !STARTS.some((start) => line.startsWith(start));
