import { existsSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { boundedText } from "../../base/files/boundedFile.ts";
import { isOpen, isWaiting } from "../../record/record.ts";
import { RunDirectory } from "../../run/directory/runDirectory.ts";
import { slurmFolder } from "./slurmPlaces.ts";
import { pointerOf, SubmissionFolder } from "./submission.ts";

const MOST_BYTES = 1_000_000;

/** Whether a run of a submission may still be started by its job. */
function isOpenIn(runsDir: string, submission: SubmissionFolder): boolean {
  return (submission.intent()?.tasks ?? []).some((task) => {
    const run = RunDirectory.find(join(runsDir, task.run));
    if (run === undefined || pointerOf(run)?.submission !== submission.id) return false;
    const record = run.record();
    return isOpen(record.status) || isWaiting(record);
  });
}

/** The scripts of the submissions that have runs to train. */
const openScripts = (runsDir: string): string[] =>
  readdirSync(slurmFolder(runsDir)).flatMap((name) => {
    const submission = new SubmissionFolder(runsDir, name);
    const script = join(submission.path, "script.sh");
    return existsSync(script) && isOpenIn(runsDir, submission) ? [boundedText(script, MOST_BYTES)] : [];
  });

/**
 * Removes the kept programs of older versions, on which no job will run any more: with native code a version is tens
 * of megabytes. Whoever calls it holds the lease of who submits, so that nobody has just chosen one of them.
 * @param workerPath the worker's bundle of the version that stays
 */
export function dropRuntimes(runsDir: string, workerPath: string): void {
  const own = dirname(dirname(workerPath));
  const folder = dirname(own);
  const kept = basename(own);
  const others = readdirSync(folder).filter((name) => /^[0-9a-f]+$/.test(name) && name !== kept);
  if (others.length === 0) return;
  const scripts = openScripts(runsDir);
  for (const name of others)
    if (!scripts.some((script) => script.includes(`/${name}/`)))
      rmSync(join(folder, name), { recursive: true, force: true });
}
