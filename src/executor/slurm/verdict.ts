import { bytesText } from "../../base/text/bytesText.ts";
import { phrase, type Phrase, type PhraseValue } from "../../base/phrase.ts";
import { isLive, isWaiting, type RunRecord } from "../../record/record.ts";
import type { Where } from "../executor.ts";
import { NOT_FOUND } from "./seen.ts";
import type { Task } from "./submission.ts";

/** Jobs in succession that came no step further, after which a run is not submitted again. */
const MOST_FRUITLESS = 2;

/** Jobs in succession that came no step further, and of which Slurm knows nothing. */
const MOST_LOST = 3;

/** What the end of a job means for its run. */
export interface Verdict {
  /** The status that the run gets, where its journal says no end. */
  status: "failed" | "stopped" | "interrupted";
  why: Phrase;
  /** Who ended the job, where it is no fault of the run. */
  by?: "slurm";
  /** Whether the run is to be submitted again. */
  again: boolean;
}

/** What is known when a job has ended. */
export interface Ended {
  record: RunRecord;
  where: Where;
  task: Task;
  /** The last lines of the job's own output. */
  logEnd: string;
}

/** Jobs of a run in succession that came no step further, the one that has ended included. */
export const fruitlessJobs = ({ checkpointStep = 0 }: Pick<RunRecord, "checkpointStep">, task: Task): number =>
  checkpointStep > task.from ? 0 : task.fruitless + 1;

const quoted = (logEnd: string): PhraseValue => (logEnd === "" ? "" : phrase` Its output ends: ${logEnd}`);

function timedOut({ record, task, where }: Ended): Verdict {
  const again = fruitlessJobs(record, task) < MOST_FRUITLESS;
  return again
    ? {
        status: "interrupted",
        why: phrase`Job ${where.job} ran into its time limit; the run goes on from its last checkpoint.`,
        by: "slurm",
        again,
      }
    : {
        status: "failed",
        why: phrase`Job ${where.job} ran into its time limit for the second time without a checkpoint. Give executor.time more, or set training.checkpointEvery to fewer steps.`,
        again,
      };
}

/** The exit code of a shell that does not find a command. */
const NOT_THERE = 127;

const withoutNode = ({ where, logEnd }: Ended): Verdict => ({
  status: "failed",
  why: phrase`Job ${where.job} found no Node, or no other command of its script, on ${where.node ?? ""}. Load it in executor.setup, such as "module load nodejs/20", or name a container that has it.${quoted(logEnd)}`,
  again: false,
});

const failedJob = ({ where, logEnd }: Ended): Verdict => ({
  status: "failed",
  why: phrase`Job ${where.job} ended (${where.word ?? ""}, exit code ${where.exit ?? 0}) and the run's journal says no end.${quoted(logEnd)}`,
  again: false,
});

/** What the run was said to need, where it came so far. */
const forecast = ({ memory }: RunRecord): PhraseValue =>
  memory === undefined ? "" : phrase` The run's forecast was ${bytesText(memory.needed)}.`;

const outOfMemory = ({ record, where }: Ended): Verdict => ({
  status: "failed",
  why: phrase`Slurm ended job ${where.job} for lack of memory.${forecast(record)} Give executor.memory more, or train with less: a smaller training.batchSize or training.maxSourceLength.`,
  again: false,
});

/** The worker has said that it left: it was asked to, and has saved what it had. */
const leftNode = ({ record, where, task }: Ended): Verdict =>
  fruitlessJobs(record, task) < MOST_FRUITLESS
    ? { status: "interrupted", why: phrase`Job ${where.job} was asked to end.`, by: "slurm", again: true }
    : {
        status: "failed",
        why: phrase`Job ${where.job} was ended for the second time before it made a step; its time limit is too short for a step. Give executor.time more, or train with less: a smaller training.batchSize or training.accumulation.`,
        again: false,
      };

/** The worker has ended by itself and said why, such as a full disk: the run is tried again, but not for ever. */
const hindered = ({ record, where }: Ended): Verdict => ({
  status: "interrupted",
  why: phrase`Job ${where.job} left the run interrupted.`,
  again: isWaiting(record),
});

/** Of a job that said nothing nobody knows whether it would say nothing again: it is tried so often in succession. */
const lostJob = ({ record, where, task }: Ended): Verdict => {
  const mayWait = isWaiting({ ...record, status: "interrupted", interruptions: record.interruptions + 1 });
  return mayWait && fruitlessJobs(record, task) < MOST_LOST
    ? {
        status: "interrupted",
        why: phrase`Slurm knows no such job any more (${where.job}); the run goes on from its last checkpoint.`,
        again: true,
      }
    : {
        status: "failed",
        why: phrase`Slurm knows no such job any more (${where.job}), as those before it. adept logs shows what they have printed; adept resume submits the run again.`,
        again: false,
      };
};

/** Slurm itself may not start the job again, else it would wait; so the run is submitted anew. */
const nodeLost = (ended: Ended): Verdict => {
  const { record, where } = ended;
  if (record.status === "interrupted") return leftNode(ended);
  return {
    status: "interrupted",
    why: phrase`The node of job ${where.job} was lost (${where.word ?? ""}); the run goes on from its last checkpoint.`,
    again: isWaiting({ ...record, status: "interrupted", interruptions: record.interruptions + 1 }),
  };
};

const cancelled = ({ where }: Ended): Verdict => ({
  status: "stopped",
  why: phrase`Job ${where.job} was cancelled.`,
  again: false,
});

const BY_WORD: Readonly<Record<string, (ended: Ended) => Verdict>> = {
  TIMEOUT: timedOut,
  OUT_OF_MEMORY: outOfMemory,
  CANCELLED: cancelled,
  REVOKED: cancelled,
  NODE_FAIL: nodeLost,
  BOOT_FAIL: nodeLost,
  PREEMPTED: nodeLost,
  [NOT_FOUND]: lostJob,
};

/** Memory without control groups: the job fails, and its output alone says why. */
const MEMORY_LIMIT = /memory limit|oom[-_ ]kill/i;

/** A job of less (ms) has had no worker at work. */
const NO_TIME = 1000;

/**
 * Whether the job that ended never began while a worker was at work: a controller that was killed had not saved that
 * the job ran, ends it when it is back, and counts its next start as failed.
 */
const isSlurmsFault = ({ record, where: { startsAt, endsAt } }: Ended): boolean =>
  isLive(record.status) && startsAt !== undefined && endsAt !== undefined && endsAt - startsAt < NO_TIME;

/** Exit codes of a job that SIGTERM ended before its worker could say so, or after it had. */
const ASKED_TO_END: readonly number[] = [-15, 143];

/**
 * What the end of a job means for a run whose journal says no end. A worker that has ended by itself and said
 * "interrupted" is to go on: it was asked to leave the node.
 * @returns undefined where the job has not ended, or the run has
 */
export function verdictOf(ended: Ended): Verdict | undefined {
  const { record, where, logEnd } = ended;
  if (where.state !== "ended" || !(isLive(record.status) || isWaiting(record))) return undefined;
  const word = (where.word ?? "").split(/[\s+]/)[0]!;
  const known = Object.hasOwn(BY_WORD, word) ? BY_WORD[word] : undefined;
  if (known !== undefined) return known(ended);
  if (MEMORY_LIMIT.test(logEnd)) return outOfMemory(ended);
  const { exit = 0 } = where;
  if (ASKED_TO_END.includes(exit) || (record.status === "interrupted" && exit === 0)) return leftNode(ended);
  if (isSlurmsFault(ended)) {
    const lost = lostJob(ended);
    const why = phrase`Slurm has lost job ${where.job}; the run goes on from its last checkpoint.`;
    return lost.again ? { ...lost, why } : lost;
  }
  if (exit === NOT_THERE) return withoutNode(ended);
  return record.status === "interrupted" ? hindered(ended) : failedJob(ended);
}
