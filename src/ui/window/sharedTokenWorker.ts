import type { LogOutputChannel } from "vscode";
import type { TokenWorker } from "../../executor/tokenWorker.ts";
import { DisposableStore } from "./disposableStore.ts";
import { host } from "./host.ts";

/** The one token worker of the window. Its process starts with the first question and ends when it is idle. */
export class SharedTokenWorker extends DisposableStore {
  private worker: TokenWorker | undefined;

  constructor(
    private readonly log: LogOutputChannel,
    private readonly workerPath: string,
  ) {
    super();
  }

  get(): TokenWorker {
    const { log, workerPath } = this;
    return (this.worker ??= new (host().TokenWorker)({
      workerPath,
      nodePath: process.execPath,
      onLog: (line) => {
        log.warn(`tokens: ${line}`);
      },
    }));
  }

  /** Ends the process, even while it works; the next question starts another. */
  restart(): void {
    this.worker?.restart();
  }

  override dispose(): void {
    this.worker?.dispose();
    super.dispose();
  }
}
