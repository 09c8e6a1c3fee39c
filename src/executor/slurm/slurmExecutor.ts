import { UserError } from "../../base/errors.ts";
import { phrase, said } from "../../base/phrase.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { isLive, isWaiting } from "../../record/record.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { checkedPlaces, TRACKERS_SETTING } from "../../run/files/trackerPlaces.ts";
import { writeUnderLease } from "../../run/directory/writeUnderLease.ts";
import type { Executor, ExecutorPlace, Placement, RunLog, Submitted, SubmitOptions, Where } from "../executor.ts";
import { dequeue, enqueue } from "../queuedRuns.ts";
import { newIds } from "../newIds.ts";
import { ownLog } from "../runLogs.ts";
import { readSeen } from "./askedQueue.ts";
import { cancelJobs } from "./cancelJobs.ts";
import { checkRequest } from "./checkRequest.ts";
import { pollInterval, requestOf, withDefaults } from "./defaults.ts";
import { clusterFindings, type ClusterFinding } from "./findings.ts";
import { jobLogs, journalLog } from "./jobLogs.ts";
import { leftOverJobs } from "./leftOverJobs.ts";
import { limitConcurrent, limitsOf } from "./limitConcurrent.ts";
import { lookAtRuns } from "./lookAtRuns.ts";
import { oldSubmissions, type OldSubmission } from "./oldSubmissions.ts";
import { probeCluster } from "./probe.ts";
import { settle } from "./settle.ts";
import { dropPointer } from "./submission.ts";
import { submitWaiting } from "./submitWaiting.ts";

/** How long (ms) a worker on a node has to end by itself before its job is cancelled. */
const GRACE = 60_000;
const POLL = 500;

/** Ends a run that a person stops, and of which no worker and no job is left that could say so. */
function endLost(run: RunDirectory): void {
  writeUnderLease(run, ({ status }) =>
    isLive(status)
      ? [{ type: "status", status: "stopped", ...said(phrase`Stopped after Slurm had lost its job.`) }]
      : [],
  );
}

/** Has runs trained as jobs of the Slurm cluster that this machine is of. Nothing of it stays at work here. */
export class SlurmExecutor implements Executor {
  readonly kind = "slurm";

  /** @param defaults the settings of this program, not checked yet */
  constructor(
    private readonly place: ExecutorPlace,
    private readonly defaults: unknown = {},
  ) {}

  async check(experiments: readonly Experiment[]): Promise<void> {
    const requests = experiments.map(({ executor }) =>
      requestOf(withDefaults(this.place.runsDir, executor!, this.defaults)),
    );
    const distinct = new Map(requests.map((each) => [JSON.stringify(each), each]));
    for (const request of distinct.values()) await checkRequest(request);
  }

  submit(experiments: readonly Experiment[], id: string, { git, trackers }: SubmitOptions): Submitted {
    const { runsDir, folder } = this.place;
    const places = checkedPlaces(trackers, folder, TRACKERS_SETTING);
    const ids = newIds(experiments.length);
    const runs = experiments.map((each, i) => {
      const executor = withDefaults(runsDir, each.executor!, this.defaults);
      return enqueue(runsDir, ids[i]!, { ...each, git: each.git && git, executor }, places);
    });
    return { runs, queued: true, sweep: runs.length > 1 ? id : undefined, placed: this.submitWaiting() };
  }

  /** Submits what waits without a job. */
  submitWaiting(): Promise<Placement> {
    return submitWaiting(this.place, this.poll);
  }

  resume(run: RunDirectory, seen = run.record().start): undefined {
    run.refuseNewerVersion();
    if (run.isWorkerAlive()) throw run.busyError();
    run.clearControl();
    // Whatever becomes of its last job counts no more.
    dropPointer(run);
    writeUnderLease(run, ({ start }) => (start === seen ? [{ type: "status", status: "queued" }] : []));
    return undefined;
  }

  /** How old (ms) what Slurm has said may be, unless somebody wants it newer. */
  get poll(): number {
    return pollInterval(this.place.runsDir, this.defaults);
  }

  look(runs: readonly RunDirectory[], maxAge = this.poll): Promise<ReadonlyMap<string, Where>> {
    return lookAtRuns(runs, maxAge);
  }

  /**
   * Looks at runs, tells in their journals what the end of a job means where no worker could, cancels jobs that Slurm
   * holds for runs that have ended, and submits what waits without a job.
   */
  async tend(runs: readonly RunDirectory[]): Promise<{ where: ReadonlyMap<string, Where>; placement: Placement }> {
    const where = await this.look(runs);
    for (const run of runs) settle(run, where.get(run.id));
    await this.cancelLeftOver();
    return { where, placement: await this.submitWaiting() };
  }

  private async cancelLeftOver(): Promise<void> {
    try {
      await cancelJobs(leftOverJobs(this.place.runsDir, readSeen(this.place.runsDir)));
    } catch (error) {
      // They are found again; what this call was made for goes on.
      if (!(error instanceof UserError)) throw error;
    }
  }

  /**
   * Changes how many runs are at work at once.
   * @param runs those that wait or are at work
   * @param concurrent 0: as many as the cluster allows
   * @returns how many job arrays have the new limit
   * @throws UserError when Slurm refuses it or does not answer, or cannot limit these runs
   */
  async limit(runs: readonly RunDirectory[], concurrent: number): Promise<number> {
    return (await limitConcurrent(runs, concurrent)).length;
  }

  /** How many of these runs may be at work at once, as their experiments say it now: one number for each limit. */
  limits(runs: readonly RunDirectory[]): number[] {
    return limitsOf(runs);
  }

  /**
   * What is found out of the cluster.
   * @param withJob whether a test job of a minute tells of its node too
   */
  async findings(withJob: boolean): Promise<ClusterFinding[]> {
    const found = await clusterFindings(this.place.folder);
    if (!withJob) return found;
    return [
      ...found,
      ...(await probeCluster(
        this.place,
        requestOf(withDefaults(this.place.runsDir, { kind: "slurm" }, this.defaults)),
      )),
    ];
  }

  /** Where the run was and how it ended, by its journal; then the output of its jobs, oldest first. */
  logs(run: RunDirectory, most: number): RunLog[] {
    return [...ownLog(run, most), ...journalLog(run, most), ...jobLogs(run, most)];
  }

  /** The folders of submissions that nothing needs any more; Slurm is not asked. */
  oldSubmissions(): OldSubmission[] {
    return oldSubmissions(this.place.runsDir);
  }

  async stop(runs: readonly RunDirectory[], grace = GRACE): Promise<void> {
    for (const run of runs) if (isLive(run.record().status)) run.requestStop();
    const waiting = runs.filter((run) => isWaiting(run.record()));
    // First the journals: a worker that starts at this moment finds that its run has ended.
    for (const run of waiting) dequeue(run);
    const where = await this.look(runs, 0);
    await cancelJobs(waiting.flatMap((run) => where.get(run.id)?.job ?? []));
    for (const run of runs) if (where.get(run.id)?.unlisted?.alive === false) endLost(run);
    const until = performance.now() + grace;
    const living = (): RunDirectory[] => runs.filter((run) => isLive(run.record().status));
    while (living().length > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, POLL));
    await cancelJobs(living().flatMap((run) => where.get(run.id)?.job ?? []));
  }
}
