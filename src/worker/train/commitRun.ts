import { causeOf, phraseOf, UserError } from "../../base/errors.ts";
import { explainWrite } from "../../base/files/atomicFile.ts";
import { phrase, said, type Phrase } from "../../base/phrase.ts";
import { isFull } from "../../base/files/diskSpace.ts";
import type { RunStatus } from "../../record/events.ts";
import type { RunRecord } from "../../record/record.ts";
import { saysDiskFull } from "../../run/git/gitWords.ts";
import { openGitStore, refOf, type StoredCommit } from "../../run/git/gitStore.ts";
import { keepContents, type InputStamps } from "./keepContents.ts";
import type { CommittedFile, TrainJob } from "./trainOptions.ts";

/**
 * Commits a run's snapshot or its result. A failure is reported in the journal and does not end the run.
 * @returns the inputs that a snapshot has kept
 * @throws UserError where the disk is full before anything is trained, or an input changes meanwhile
 */
export async function commitRun(
  job: TrainJob,
  kind: "snapshot" | "result",
  { status, files }: { status: RunStatus; files: CommittedFile[] },
): Promise<InputStamps> {
  const { run, options, emit } = job;
  let stamps: InputStamps = new Map();
  if (!run.experiment().git) return stamps;
  try {
    const store = await openGitStore(options.folder);
    if ("reason" in store) {
      emit({ type: "git", kind: "skipped", ...said(store.reason.phrase) });
      return stamps;
    }
    const record = (): RunRecord => ({ ...run.record(), status });
    const original = run.experiment().reproduces?.commit;
    const known = kind === "snapshot" ? await store.commitOf(run.id) : undefined;
    // An earlier worker made the commit, and was ended before it could report it.
    if (known !== undefined) {
      emit({ type: "git", kind, commit: known, ref: refOf(run.id) });
      return stamps;
    }
    const keep = async (index: string): Promise<Phrase[]> => {
      const kept = await keepContents(job, store, index);
      stamps = kept.stamps;
      return kept.notes;
    };
    const snapshot = (): Promise<StoredCommit> =>
      original === undefined ? store.snapshot(run.id, record, keep) : store.snapshotOf(run.id, record(), original);
    const done = await (kind === "snapshot" ? snapshot() : store.result(run.id, record(), files));
    emit({ type: "git", kind, commit: done.commit, ref: done.ref, ...(done.note !== undefined && said(done.note)) });
  } catch (error) {
    if (error instanceof UserError && error.code === "input-changes") throw error;
    const isDiskFull = saysDiskFull(error) || isFull(options.folder);
    // The code can be committed only before training; the run cannot be written anyway until there is space.
    if (isDiskFull && kind === "snapshot") throw explainWrite({ code: "ENOSPC" }, `the commit of run ${run.id}`);
    emit({
      type: "git",
      kind: "skipped",
      ...said(
        isDiskFull
          ? phrase`The disk is full, so the run has no commit: free some space, and adept resume makes it. ${causeOf(error)}`
          : phraseOf(error),
      ),
    });
  }
  return stamps;
}
