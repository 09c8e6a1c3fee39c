import { Worker } from "node:worker_threads";

/** A parent that is gone is noticed within so long (ms); what does not end in its own way is ended after so long. */
const LOOK = 500;
const GRACE = 2000;

/**
 * In a thread of its own, since the job's may be at work in one call for minutes. A parent's death leaves a process to
 * another; on Windows it keeps the number of one that is no more.
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
 * Ends this process when the one that started it, and alone wants its answer, is gone.
 * @param parent its process id, as it says itself: it may be gone by now
 */
export function endWithParent(parent: number): void {
  new Worker(WATCH, { eval: true, workerData: { parent, look: LOOK, grace: GRACE } }).unref();
}
