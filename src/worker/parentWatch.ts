import { Worker } from "node:worker_threads";

/** How often (ms) the parent is looked for, and how long this process has to end in its own way before it is killed. */
const LOOK = 500;
const GRACE = 2000;

/**
 * Runs in a thread of its own, since the job's thread may be in one call for minutes. On POSIX an orphan gets another
 * parent id; on Windows it keeps the id of the dead parent.
 */
const WATCH = `
const { workerData: { parent, look, grace } } = require("node:worker_threads");
const isGone = () => {
  if (process.ppid !== parent) return true;
  try { process.kill(parent, 0); return false; } catch (error) { return error.code === "ESRCH"; }
};
const timer = setInterval(() => {
  if (!isGone()) return;
  clearInterval(timer);
  process.kill(process.pid, "SIGTERM");
  setTimeout(() => { process.kill(process.pid, "SIGKILL"); }, grace);
}, look);
`;

/**
 * Ends this process when the process that started it, and waits for its answer, is gone.
 * @param parent the parent's process id, passed by the parent itself, since it may already be gone
 */
export function endWithParent(parent: number): void {
  new Worker(WATCH, { eval: true, workerData: { parent, look: LOOK, grace: GRACE } }).unref();
}
