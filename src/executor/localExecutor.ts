import type { ChildProcess } from "node:child_process";
import { queueName } from "../experiment/queueName.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { isLive, isWaiting } from "../record/record.ts";
import { RunDirectory } from "../run/directory/runDirectory.ts";
import { checkedPlaces, TRACKERS_SETTING } from "../run/files/trackerPlaces.ts";
import { startQueue } from "./deviceQueue.ts";
import type { Executor, ExecutorPlace, RunLog, Submitted, SubmitOptions, Where } from "./executor.ts";
import { newIds } from "./newIds.ts";
import { dequeue, enqueue } from "./queuedRuns.ts";
import { ownLog } from "./runLogs.ts";
import { resumeTraining, startTraining } from "./startWorker.ts";
import { stopRun } from "./stopRun.ts";

function whereOf(run: RunDirectory): Where {
  const record = run.record();
  const { pid } = record;
  const worker = { job: pid === undefined ? "" : String(pid), restarts: 0 };
  if (isLive(record.status)) return { state: "working", ...worker };
  return { state: isWaiting(record) ? "waiting" : "ended", ...worker };
}

/** Has runs trained by processes of this machine: one at once, several one after the other for each device. */
export class LocalExecutor implements Executor {
  readonly kind = "local";

  constructor(private readonly place: ExecutorPlace) {}

  check(): Promise<void> {
    return Promise.resolve();
  }

  submit(experiments: readonly Experiment[], id: string, { git, queued = false, trackers }: SubmitOptions): Submitted {
    const { place } = this;
    const { runsDir } = place;
    const places = checkedPlaces(trackers, place.folder, TRACKERS_SETTING);
    const placed = Promise.resolve({ left: 0 });
    const allowed = experiments.map((each) => ({ ...each, git: each.git && git }));
    const [first] = allowed;
    if (allowed.length === 1 && first !== undefined && !queued) {
      const run = RunDirectory.create(runsDir, id, first, places);
      return { runs: [run], queued: false, sweep: undefined, child: startTraining(run, place), placed };
    }
    const ids = newIds(allowed.length);
    const runs = allowed.map((each, i) => enqueue(runsDir, ids[i]!, each, places));
    for (const device of new Set(allowed.map(({ engine }) => queueName(engine)))) startQueue({ ...place, device });
    return { runs, queued: true, sweep: allowed.length > 1 ? id : undefined, placed };
  }

  resume(run: RunDirectory, seen?: number): ChildProcess {
    return resumeTraining({ ...this.place, runPath: run.path, ...(seen !== undefined && { seen }) });
  }

  look(runs: readonly RunDirectory[]): Promise<ReadonlyMap<string, Where>> {
    return Promise.resolve(new Map(runs.map((run) => [run.id, whereOf(run)])));
  }

  async stop(runs: readonly RunDirectory[]): Promise<void> {
    for (const run of runs)
      if (isWaiting(run.record())) dequeue(run);
      else await stopRun(run);
  }

  logs(run: RunDirectory, most: number): RunLog[] {
    return ownLog(run, most);
  }
}
