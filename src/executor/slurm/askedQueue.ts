import { existsSync } from "node:fs";
import { UserError } from "../../base/errors.ts";
import { makeFolder, writeFileAtomic } from "../../base/files/atomicFile.ts";
import { boundedText } from "../../base/files/boundedFile.ts";
import { dropLease, takeLease } from "../../run/lease/lease.ts";
import { Seen, NOTHING_SEEN, goodFor, seenAfter, seenNothing } from "./seen.ts";
import { askingLease, seenPath, slurmFolder } from "./slurmPlaces.ts";
import { askQueue } from "./squeue.ts";

const MOST_BYTES = 50_000_000;
/** How long (ms) an answer is good that does not have every task which is asked for. */
const SOON = 2000;

/** What squeue said last; nothing where the file is missing, torn, or of the future. */
export function readSeen(runsDir: string, now = Date.now()): Seen {
  const path = seenPath(runsDir);
  if (!existsSync(path)) return NOTHING_SEEN;
  try {
    const seen = Seen.parse(JSON.parse(boundedText(path, MOST_BYTES)));
    // After a clock was set back, an answer of the future would be good for ever.
    return seen.at > now + 60_000 ? { ...seen, at: 0 } : seen;
  } catch {
    return NOTHING_SEEN;
  }
}

/** Asks squeue once, for all processes of this folder; where another one asks at this moment, its answer counts. */
async function askOnce(runsDir: string, asked: readonly string[], mayUse: (seen: Seen) => boolean): Promise<Seen> {
  makeFolder(slurmFolder(runsDir));
  const lease = askingLease(runsDir);
  if (!takeLease(lease, process.pid)) return readSeen(runsDir);
  try {
    // Another process may have asked since this one looked.
    const before = readSeen(runsDir);
    if (mayUse(before)) return before;
    const after = await answered(before, asked);
    writeFileAtomic(seenPath(runsDir), JSON.stringify(after));
    return after;
  } finally {
    dropLease(lease);
  }
}

async function answered(before: Seen, asked: readonly string[]): Promise<Seen> {
  try {
    const rows = await askQueue();
    return seenAfter(before, { rows, asked, now: Date.now() });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return seenNothing(before, Date.now());
  }
}

/**
 * What squeue says, from an answer that is at most `maxAge` ms old; 0 asks now. While Slurm does not answer, it is
 * asked less and less often.
 * @param asked the tasks that are wanted
 */
export async function lookAtQueue(runsDir: string, asked: readonly string[], maxAge: number): Promise<Seen> {
  const started = Date.now();
  const isGood = (seen: Seen): boolean => {
    if (maxAge === 0) return seen.at > started;
    // What was submitted after the answer is in none.
    const hasAll = seen.failures > 0 || asked.every((task) => Object.hasOwn(seen.tasks, task));
    return Date.now() - seen.at < (hasAll ? goodFor(seen, maxAge) : SOON);
  };
  const seen = readSeen(runsDir);
  return isGood(seen) ? seen : askOnce(runsDir, asked, isGood);
}
