import { existsSync } from "node:fs";
import { UserError } from "../../base/errors.ts";
import { makeFolder, writeFileAtomic } from "../../base/files/atomicFile.ts";
import { boundedText } from "../../base/files/boundedFile.ts";
import { dropLease, takeLease } from "../../run/lease/lease.ts";
import { oneAfterAnother } from "./oneAfterAnother.ts";
import { askAccounting } from "./sacct.ts";
import { Seen, NOTHING_SEEN, goodFor, lostTasks, seenAccounted, seenAfter, seenNothing } from "./seen.ts";
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

/** How often (ms) the accounting is asked at most; its database serves the whole cluster. */
const ACCOUNTING_EVERY = 60_000;

/** A task that somebody wants to know of. */
export interface AskedTask {
  name: string;
  /** Its job, where sbatch has said it. */
  job: string | undefined;
}

/** Asks squeue once, for all processes of this folder; where another one asks at this moment, its answer counts. */
async function askOnce(runsDir: string, asked: readonly AskedTask[], mayUse: (seen: Seen) => boolean): Promise<Seen> {
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

/** Asks the accounting for jobs that squeue has lost. */
async function accounted(seen: Seen, asked: readonly AskedTask[]): Promise<Seen> {
  const now = Date.now();
  const lost = new Set(lostTasks(seen));
  const jobs = asked.flatMap(({ name, job }): [string, string][] =>
    lost.has(name) && job !== undefined ? [[job, name]] : [],
  );
  const isSoon = Math.abs(now - (seen.accountedAt ?? 0)) < ACCOUNTING_EVERY;
  return jobs.length === 0 || isSoon ? seen : seenAccounted(seen, await askAccounting(new Map(jobs)), now);
}

async function answered(before: Seen, asked: readonly AskedTask[]): Promise<Seen> {
  try {
    const rows = await askQueue();
    return await accounted(seenAfter(before, { rows, asked: asked.map(({ name }) => name), now: Date.now() }), asked);
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
export async function lookAtQueue(runsDir: string, asked: readonly AskedTask[], maxAge: number): Promise<Seen> {
  const started = Date.now();
  const isGood = (seen: Seen): boolean => {
    if (maxAge === 0) return seen.at > started;
    // What was submitted after the answer is in none.
    const hasAll = seen.failures > 0 || asked.every(({ name }) => Object.hasOwn(seen.tasks, name));
    return Date.now() - seen.at < (hasAll ? goodFor(seen, maxAge) : SOON);
  };
  const seen = readSeen(runsDir);
  if (isGood(seen)) return seen;
  return oneAfterAnother(askingLease(runsDir), () => askOnce(runsDir, asked, isGood));
}
