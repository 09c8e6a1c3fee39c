import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { RunDirectory } from "../../run/directory/runDirectory.ts";
import { idsInTrash } from "../../run/removal/trashFolder.ts";
import { readSeen } from "./askedQueue.ts";
import type { Seen } from "./seen.ts";
import { slurmFolder } from "./slurmPlaces.ts";
import { meaningOf } from "./states.ts";
import { pointerOf, SubmissionFolder } from "./submission.ts";

const DAY = 24 * 3600_000;
/** How long (ms) the folder of a submission is kept in any case: as long as a deleted run. */
const KEPT = 7 * DAY;

/** The folder of a submission that nothing needs any more. */
export interface OldSubmission {
  path: string;
  bytes: number;
  /** Deletes it, unless something needs it by now. */
  remove: () => void;
}

/** What was found out once for all submissions of a folder of runs. */
interface Known {
  runsDir: string;
  /** The submissions with a job that has not ended. */
  working: ReadonlySet<string>;
  /** The runs in the trash, which may come back. */
  deleted: ReadonlySet<string>;
  now: number;
}

const bytesIn = (folder: string): number =>
  readdirSync(folder).reduce(
    (sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );

/** The submissions with a task that Slurm has not ended: its output goes into the folder, and its start reads it. */
const withJobs = ({ tasks }: Seen): ReadonlySet<string> =>
  new Set(
    Object.entries(tasks).flatMap(([name, { state }]) =>
      meaningOf(state, true) === "ended" ? [] : [name.slice(0, name.indexOf("/"))],
    ),
  );

/**
 * Whether a run needs a submission: it is the run's last one, unless the run has finished. A run that waits or is at
 * work has its job by it; of one that has ended otherwise its output says why.
 */
function isNeededBy(id: string, submission: string, { runsDir, deleted }: Known): boolean {
  if (deleted.has(id)) return true;
  const path = join(runsDir, id);
  if (!existsSync(path)) return false;
  try {
    const run = RunDirectory.open(path);
    return pointerOf(run)?.submission === submission && run.record().status !== "finished";
  } catch (error) {
    // What a damaged run needs is unknown.
    if (error instanceof UserError) return true;
    throw error;
  }
}

function isNeeded(submission: SubmissionFolder, known: Known): boolean {
  const intent = submission.intent();
  // What a damaged file says is unknown; one without an outcome may have become a job of which nobody knows yet.
  if (intent === undefined || submission.outcome() === undefined || known.now - intent.madeAt < KEPT) return true;
  return known.working.has(submission.id) || intent.tasks.some(({ run }) => isNeededBy(run, submission.id, known));
}

/** Whether a folder is one of a test job whose program was killed before it could remove it. */
const isLostProbe = (name: string, folder: string, now: number): boolean =>
  name.startsWith("probe-") && now - statSync(folder).mtimeMs > DAY;

/**
 * The folders of submissions that can be deleted: made more than a week ago, with no job that Slurm has not ended, and
 * the last of no run that has not finished. A job that is to be started again, also after its node was lost, has all
 * that it needs.
 */
export function oldSubmissions(runsDir: string, now = Date.now()): OldSubmission[] {
  const folder = slurmFolder(runsDir);
  if (!existsSync(folder)) return [];
  const known = (): Known => ({
    runsDir,
    working: withJobs(readSeen(runsDir)),
    deleted: new Set(idsInTrash(runsDir)),
    now,
  });
  const first = known();
  const isOld = (name: string, by: Known): boolean => {
    const path = join(folder, name);
    if (isLostProbe(name, path, now)) return true;
    return existsSync(join(path, "intent.json")) && !isNeeded(new SubmissionFolder(runsDir, name), by);
  };
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && isOld(entry.name, first))
    .map(({ name }) => ({
      path: join(folder, name),
      bytes: bytesIn(join(folder, name)),
      remove: () => {
        if (isOld(name, known())) rmSync(join(folder, name), { recursive: true, force: true });
      },
    }));
}
