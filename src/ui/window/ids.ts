/*
 * The commands, views, settings and context keys that package.json contributes. A test checks that neither side has one
 * that the other lacks.
 */

/** Commands. */
export const Command = {
  train: "adept.train",
  stop: "adept.stop",
  resume: "adept.resume",
  openPanel: "adept.openPanel",
  openRow: "adept.openRow",
  refresh: "adept.refresh",
  showLog: "adept.showLog",
  newExperiment: "adept.newExperiment",
  openRunFolder: "adept.openRunFolder",
  copyRunId: "adept.copyRunId",
  analyse: "adept.analyse",
  compare: "adept.compare",
  compareCode: "adept.compareCode",
  star: "adept.star",
  unstar: "adept.unstar",
  tag: "adept.tag",
  note: "adept.note",
  rename: "adept.rename",
  archive: "adept.archive",
  unarchive: "adept.unarchive",
  delete: "adept.delete",
  undoDelete: "adept.undoDelete",
  search: "adept.search",
  filter: "adept.filter",
  clearFilter: "adept.clearFilter",
  sort: "adept.sort",
  trainNext: "adept.trainNext",
  trainLast: "adept.trainLast",
  pauseQueue: "adept.pauseQueue",
  resumeQueue: "adept.resumeQueue",
  takeOut: "adept.takeOut",
  cancelClusterRuns: "adept.cancelClusterRuns",
  limitClusterRuns: "adept.limitClusterRuns",
  refreshLog: "adept.refreshLog",
  showHeatmap: "adept.showHeatmap",
  hideHeatmap: "adept.hideHeatmap",
  heatmapMeasure: "adept.heatmapMeasure",
  heatmapBeside: "adept.heatmapBeside",
  tokenTable: "adept.tokenTable",
  predict: "adept.predict",
  reproduce: "adept.reproduce",
  restoreFiles: "adept.restoreFiles",
  branch: "adept.branch",
  exportRun: "adept.exportRun",
  push: "adept.push",
  fetch: "adept.fetch",
  prune: "adept.prune",
} as const;
export type Command = (typeof Command)[keyof typeof Command];

/** Views and page types. */
export const View = { runs: "adept.runs", panel: "adept.panel", setup: "adept.setup" } as const;

/** Settings. */
export const Setting = {
  commitRuns: "adept.git.commitRuns",
  notifications: "adept.notifications",
  heatmapMeasure: "adept.heatmap.measure",
  heatmapOnOpen: "adept.heatmap.showOnOpen",
  budget: "adept.newExperiment.budget",
  backbonesFolder: "adept.backbones.folder",
  torchPython: "adept.torch.python",
  slurmDefaults: "adept.slurm.defaults",
  liveTrackers: "adept.trackers.live",
} as const;
export type Setting = (typeof Setting)[keyof typeof Setting];

/** Context keys that the `when` clauses of menus and welcome texts read. */
export const ContextKey = {
  filtered: "adept.filtered",
  noRepository: "adept.noRepository",
  queueRunning: "adept.queueRunning",
  queueWaiting: "adept.queueWaiting",
  canUndoDelete: "adept.canUndoDelete",
  hasOffsets: "adept.hasOffsets",
  heatmapShown: "adept.heatmapShown",
  hasResults: "adept.hasResults",
  clusterRuns: "adept.clusterRuns",
} as const;
export type ContextKey = (typeof ContextKey)[keyof typeof ContextKey];
