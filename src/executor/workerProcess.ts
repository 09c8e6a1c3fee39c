import * as z from "zod";

/** `nodePath`: Node, or VS Code's Electron run as Node; `folder`: the workspace folder. */
export interface WorkerPlace {
  workerPath: string;
  nodePath: string;
  folder: string;
}

/** Tells a worker that nobody else wants its answer: it ends when this process does, however that ends. */
export const ENDS_WITH_US = ["--parent", String(process.pid)];
