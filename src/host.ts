// The host's reading and starting of runs: a bundle of its own, which the extension loads when first needed.
export { resumeTraining, stopRun } from "./executor/localExecutor.ts";
export { dequeue, isQueueRunning, startQueue, waitingRuns } from "./executor/queue.ts";
export { submitExperiment } from "./executor/submit.ts";
export { JournalTail } from "./run/journal.ts";
export { adoptRuns, listRuns } from "./run/runDirectory.ts";
export { parse as parseTable } from "csv-parse/sync";
