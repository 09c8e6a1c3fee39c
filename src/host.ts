// The host's reading and starting of runs: a bundle of its own, which the extension loads when first needed.
export {
  compareInWorker,
  explainInWorker,
  exportInWorker,
  forecastInWorker,
  modelsInWorker,
} from "./executor/workerJobs.ts";
export { downloadInWorker } from "./executor/downloadInWorker.ts";
export { kindOf } from "./executor/executorKindOf.ts";
export { executorOfRun, slurmExecutor } from "./executor/executors.ts";
export { logsText } from "./executor/runLogs.ts";
export { startAnalysis } from "./executor/startWorker.ts";
export { stopRun } from "./executor/stopRun.ts";
export { dequeue, queueOf } from "./executor/queuedRuns.ts";
export { endQueue, isQueueRunning, startQueue, workingDevices } from "./executor/deviceQueue.ts";
export { submitExperiment } from "./executor/submit.ts";
export { giveSlurmDefaults } from "./executor/clusterDefaults.ts";
export { giveWorkers } from "./executor/workerProcess.ts";
export { TokenWorker } from "./executor/tokenWorker.ts";
export { storedAnalysis } from "./run/directory/storedAnalysis.ts";
export { makeBranch } from "./run/git/gitBranch.ts";
export { isResult } from "./run/git/gitResults.ts";
export { GitRestore } from "./run/git/gitRestore.ts";
export { GitShare } from "./run/git/gitShare.ts";
export { reproduceRun } from "./executor/reproduce.ts";
export { openGitStore } from "./run/git/gitStore.ts";
export { commitAnnotation } from "./run/git/annotationCommit.ts";
export { findPrunable, PRUNABLE_KINDS } from "./run/removal/prune.ts";
export { analysesOf, hasOffsets } from "./experiment/analysesOf.ts";
export { annotateRun } from "./run/journal/sharedJournal.ts";
export { JournalTail } from "./run/journal/journalTail.ts";
export { readRecord } from "./run/journal/readJournal.ts";
export { markIfInterrupted } from "./run/interruption/interruptedRuns.ts";
export { listRuns } from "./run/directory/runList.ts";
export { knownFiles, locatedExperiment } from "./run/inputs/inputPlaces.ts";
export { journalSize, readIndex, writeIndex } from "./run/directory/runIndex.ts";
export { deleteRuns, restoreRuns } from "./run/removal/trash.ts";
export { unreadableRuns } from "./run/directory/unreadableRuns.ts";
export { flatten } from "./base/keyPath.ts";
export { parseDraft, parseSetupMessage } from "./protocol/setupToHost.ts";
export { parsePageMessage } from "./protocol/pageToHost.ts";
