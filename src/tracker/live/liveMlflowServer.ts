import { sendAlone } from "../../run/lease/sendingLease.ts";
import { mlflowPlace, type MlflowPlace } from "../mlflow/mlflowRequest.ts";
import { mlflowRun } from "../mlflow/mlflowRun.ts";
import { exportToMlflowServer, lastSteps, sendPoints, type NamedPoint } from "../mlflow/mlflowServer.ts";
import { trackedRun, type TrackedRun } from "../trackedRun.ts";
import { liveRun, Repeats, type Change, type LiveTracker } from "./liveTracker.ts";

/** The run on the server as this process has left it. */
interface Left {
  id: string;
  /** The server's names of metrics, by the names of series. */
  keys: ReadonlyMap<string, string>;
  repeats: Repeats;
}

const keysOf = (run: TrackedRun): Map<string, string> => {
  const keys = [...mlflowRun(run).metrics.keys()];
  return new Map([...run.series.keys()].map((name, i) => [name, keys[i]!]));
};

/** Sends what is new of each metric: a resumed run repeats steps, and a person may have exported some meanwhile. */
async function sendNew(place: MlflowPlace, { id, keys }: Left, { series }: TrackedRun): Promise<void> {
  if (series.size === 0) return;
  const last = await lastSteps(place, id);
  const points = [...series].flatMap(([name, values]) => {
    const key = keys.get(name)!;
    return values.flatMap((point): NamedPoint[] => (point.step > (last.get(key) ?? -1) ? [{ ...point, key }] : []));
  });
  await sendPoints(place, id, points);
}

/** Keeps a run on MLflow's tracking server: what has come since the last time is sent, and nothing else. */
export class LiveMlflowServer implements LiveTracker {
  readonly name = "mlflow";
  readonly writesWhole = false;
  private left: Left | undefined;

  constructor(
    private readonly address: string,
    private readonly runPath: string,
  ) {}

  async bring(change: Change): Promise<void> {
    const { signal } = new AbortController();
    const place = mlflowPlace(this.address, process.env, signal);
    await sendAlone(this.runPath, signal, () => this.send(change, place));
  }

  private async send({ added, whole, isLast }: Change, place: MlflowPlace): Promise<void> {
    const { left } = this;
    this.left = undefined;
    if (left !== undefined && added !== undefined && !isLast && !left.repeats.any(added.events)) {
      const run = trackedRun(added);
      if ([...run.series.keys()].every((name) => left.keys.has(name))) {
        await sendNew(place, left, run);
        this.left = left;
        return;
      }
    }
    const source = whole();
    const run = liveRun(source);
    const id = await exportToMlflowServer(run, source.experiment, place);
    this.left = { id, keys: keysOf(run), repeats: new Repeats(source.events) };
  }
}
