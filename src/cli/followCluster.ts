import type { Placement, Where } from "../executor/executor.ts";
import type { SlurmExecutor } from "../executor/slurm/slurmExecutor.ts";
import { applyEvent, foldEvents } from "../record/foldEvents.ts";
import { isOpen, isWaiting, type RunRecord } from "../record/record.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";
import { JournalTail } from "../run/journal/journalTail.ts";
import type { FollowedRuns } from "./followedRuns.ts";
import { whereText } from "./whereText.ts";
import { oneLine, tell } from "./terminal.ts";

/** How often (ms) journals are read, and how often what Slurm said last. */
const POLL = 1000;
const LOOK = 5000;

/** A run that is followed by its journal alone. */
class Followed {
  record: RunRecord = foldEvents([]);
  private readonly tail: JournalTail;
  private shown = "";

  constructor(readonly run: RunDirectory) {
    this.tail = new JournalTail(run.path);
  }

  /** Whether the run waits or is at work, and was not deleted. */
  get isPending(): boolean {
    return (isOpen(this.record.status) || isWaiting(this.record)) && this.run.hasJournal();
  }

  read(): void {
    for (const event of this.tail.read()) this.record = applyEvent(this.record, event);
  }

  /** Tells how the run stands, where that has changed. */
  show(where: Where | undefined): void {
    const { status, message, error, place } = this.record;
    const told = this.isPending ? whereText(this.record, where) : (error?.message ?? message ?? place?.node ?? "");
    const line = this.run.hasJournal() ? `${status}${told === "" ? "" : `: ${oneLine(told)}`}` : "deleted";
    if (line !== this.shown) tell(`${this.run.id} ${line}\n`);
    this.shown = line;
  }
}

/** Tells why runs wait here, once for each reason. */
function tellLeft({ left, why }: Placement, before: string): string {
  const text = left === 0 ? "" : `${left} runs are not submitted yet${why === undefined ? "" : `: ${why.message}`}`;
  if (text !== "" && text !== before) tell(`${text}\n`);
  return text;
}

/**
 * Follows runs that a cluster trains until all have ended, by their journals; Slurm says only where they are. An
 * interrupt stops those at work and cancels those that wait; SIGTERM and closing the terminal end the showing alone.
 */
export async function followCluster(runs: readonly RunDirectory[], executor: SlurmExecutor): Promise<FollowedRuns> {
  const followed = runs.map((run) => new Followed(run));
  let interrupted = false;
  let terminated = false;
  let left = "";
  const interrupt = (): void => {
    interrupted = true;
  };
  const terminate = (): void => {
    terminated = true;
  };
  process.on("SIGINT", interrupt).on("SIGTERM", terminate);
  try {
    let where: ReadonlyMap<string, Where> = new Map();
    for (let looked = -Infinity, tended = -Infinity, stopping = false; ;) {
      for (const each of followed) each.read();
      const pending = followed.filter(({ isPending }) => isPending).map(({ run }) => run);
      if (interrupted && !stopping) {
        stopping = true;
        tell("\nstopping; partial results are kept\n");
        await executor.stop(pending);
        continue;
      }
      const now = performance.now();
      if (now - looked > Math.min(LOOK, executor.poll)) {
        where = await executor.look(pending);
        looked = now;
      }
      for (const each of followed) each.show(where.get(each.run.id));
      if (pending.length === 0 || terminated) break;
      if (now - tended > executor.poll) {
        left = tellLeft((await executor.tend(pending)).placement, left);
        tended = now;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", terminate);
  }
  const ended = followed.filter(({ run }) => run.hasJournal()).map(({ run, record }) => ({ run, record }));
  return { ended, interrupted, terminated };
}
