import { readFileSync } from "node:fs";
import * as z from "zod";
import { ClusterJob } from "../../record/clusterJob.ts";
import { ownHostIdentity } from "./hostIdentity.ts";

/** What a lease is taken for. */
export interface LeaseTerms {
  /** The number of the start that the holder works for. */
  start?: number | undefined;
  /** The cluster's job that the holder is. */
  job?: ClusterJob | undefined;
  /** Whether the holder is no worker and holds the lease only while it appends to the run's journal. */
  brief?: true | undefined;
}

/**
 * The content of a lease file. Those of older versions have only the process, and the oldest no `machine`: they count
 * as this machine's.
 */
export const LeaseContent = z.object({
  pid: z.number().int().positive(),
  started: z.string(),
  machine: z.object({ host: z.string(), boot: z.string(), space: z.string() }).optional(),
  start: z.number().optional(),
  job: ClusterJob.optional(),
  brief: z.literal(true).optional(),
  beat: z.number().optional().describe("counts the signs of life of the holder"),
});
export type LeaseContent = z.infer<typeof LeaseContent>;

/** The digits of a beat, so that a later one takes the place of an earlier one. */
const BEAT_WIDTH = 12;

/**
 * When a process started, in clock ticks since boot (Linux); empty on other systems. The process id alone may have been
 * reused.
 */
export function startTime(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

/** Reads a lease's text; undefined if it is damaged. */
export function parseLease(text: string): LeaseContent | undefined {
  try {
    return LeaseContent.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Returns the text of a lease. Texts that differ in the beat alone have the same length. */
export function leaseText({ beat = 0, ...content }: LeaseContent): string {
  return `${JSON.stringify(content).slice(0, -1)},"beat":${String(beat).padStart(BEAT_WIDTH)}}`;
}

/** Returns the content of a lease that a process of this machine takes. */
export const leaseOf = (pid: number, { start, job, brief }: LeaseTerms): LeaseContent => ({
  pid,
  started: startTime(pid),
  machine: ownHostIdentity(),
  start,
  job,
  brief,
});

/** Whether a lease names this process. */
export function isOwn({ pid, started, machine }: LeaseContent): boolean {
  if (pid !== process.pid || started !== startTime(pid) || machine === undefined) return false;
  const { host, boot, space } = ownHostIdentity();
  return machine.host === host && machine.boot === boot && machine.space === space;
}
