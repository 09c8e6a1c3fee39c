import { mlflowPlace } from "../mlflow/mlflowRequest.ts";
import { mlflowRun } from "../mlflow/mlflowRun.ts";
import { exportToMlflowServer, sendPoints, type NamedPoint } from "../mlflow/mlflowServer.ts";
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

/** Keeps a run on MLflow's tracking server: what has come since the last time is sent, and nothing else. */
export class LiveMlflowServer implements LiveTracker {
  readonly name = "mlflow";
  readonly writesWhole = false;
  private left: Left | undefined;

  constructor(private readonly address: string) {}

  async bring({ added, whole, isLast }: Change): Promise<void> {
    const place = mlflowPlace(this.address, process.env, new AbortController().signal);
    const { left } = this;
    this.left = undefined;
    if (left !== undefined && added !== undefined && !isLast && !left.repeats.any(added.events)) {
      const { series } = trackedRun(added);
      if ([...series.keys()].every((name) => left.keys.has(name))) {
        const points = [...series].flatMap(([name, values]) =>
          values.map((point): NamedPoint => ({ ...point, key: left.keys.get(name)! })),
        );
        await sendPoints(place, left.id, points);
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
