import { fileURLToPath } from "node:url";

/** How the command line starts workers: from the bundle beside its own, in the current folder. */
export const localWorker = () => ({
  workerPath: fileURLToPath(new URL("./worker.js", import.meta.url)),
  nodePath: process.execPath,
  folder: process.cwd(),
});
