import { fileURLToPath } from "node:url";

/** How the command line starts workers: from the bundle beside its own, in the current folder. */
export const localWorker = () => ({
  // From its sources, as tests run it, the command line has the worker that was built last.
  workerPath: fileURLToPath(
    new URL(import.meta.url.endsWith(".ts") ? "../../dist/worker.js" : "./worker.js", import.meta.url),
  ),
  nodePath: process.execPath,
  folder: process.cwd(),
});
