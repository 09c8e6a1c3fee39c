import { spawn, type ChildProcess } from "node:child_process";

/** How to start a worker. */
export interface WorkerPlace {
  /** The worker's bundle. */
  workerPath: string;
  /** The executable of Node, or VS Code's Electron run as Node. */
  nodePath: string;
  /** The workspace folder, in which the worker runs. */
  folder: string;
}

/**
 * Arguments for a worker whose answer only this process wants: the worker ends when this process ends, however that
 * happens.
 */
export const ENDS_WITH_US = ["--parent", String(process.pid)];

let ownVariables: () => Readonly<Record<string, string>> = () => ({});

/** Sets variables that workers get besides those of this process; they are asked for at each start of a worker. */
export function giveWorkers(variables: () => Readonly<Record<string, string>>): void {
  ownVariables = variables;
}

/** The environment of a worker. The last variable lets VS Code's Electron run as Node. */
export const workerEnvironment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  ...ownVariables(),
  ELECTRON_RUN_AS_NODE: "1",
});

/**
 * Starts a worker that outlives this process.
 * @param args the job and its arguments
 * @param log descriptor of the file that gets its output; the caller closes it
 * @param variables of this worker alone
 */
export function startDetached(
  { workerPath, nodePath, folder }: WorkerPlace,
  args: string[],
  log: number,
  variables: Readonly<Record<string, string>> = {},
): ChildProcess {
  const child = spawn(nodePath, [workerPath, ...args], {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: folder,
    windowsHide: true,
    env: { ...workerEnvironment(), ...variables },
  });
  child.unref();
  return child;
}
