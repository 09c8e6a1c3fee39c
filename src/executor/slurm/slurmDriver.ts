// What works with Slurm: a bundle of its own, which whoever meets a cluster's run loads (executor/loadSlurm.ts).
export { SlurmExecutor } from "./slurmExecutor.ts";
export { leaveNode } from "./leaveNode.ts";
export { answerProbe } from "./probe.ts";
export { submitRest } from "./submitRest.ts";
export { slurmTask } from "./slurmTask.ts";
