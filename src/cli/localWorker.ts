import { fileURLToPath } from "node:url";

/** How a terminal starts workers: the bundle beside this one, in the current folder. */
export const localWorker = () => ({
  workerPath: fileURLToPath(new URL("./worker.js", import.meta.url)),
  nodePath: process.execPath,
  folder: process.cwd(),
});
