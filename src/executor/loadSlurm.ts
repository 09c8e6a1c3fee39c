import { createRequire } from "node:module";
import type * as SlurmDriver from "./slurm/slurmDriver.ts";

/**
 * Loads what works with Slurm. It is a bundle of its own beside the worker's, since most windows, terminals and workers
 * never meet a cluster; it is common JavaScript, which each of them can load at once.
 * @param workerPath the worker's bundle
 */
export const loadSlurm = (workerPath: string): typeof SlurmDriver =>
  createRequire(workerPath)("./slurm.cjs") as typeof SlurmDriver;
