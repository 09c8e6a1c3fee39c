import { exportToMlflowFolder } from "../mlflow/mlflowFolder.ts";
import { exportToWandb } from "../wandb/wandb.ts";
import { liveRun, type Change, type LiveTracker } from "./liveTracker.ts";

/** Keeps a run in MLflow's folder of files, which has it as a whole each time. */
export class LiveMlflowFolder implements LiveTracker {
  readonly name = "mlflow";
  readonly writesWhole = true;

  constructor(private readonly folder: string) {}

  bring({ whole }: Change): Promise<void> {
    exportToMlflowFolder(liveRun(whole()), this.folder);
    return Promise.resolve();
  }
}

/** Keeps a run as one that wandb has made offline, as a whole each time. */
export class LiveWandb implements LiveTracker {
  readonly name = "wandb";
  readonly writesWhole = true;

  constructor(private readonly folder: string) {}

  bring({ whole }: Change): Promise<void> {
    const source = whole();
    exportToWandb(liveRun(source), source.experiment, this.folder);
    return Promise.resolve();
  }
}
