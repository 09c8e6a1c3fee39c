/** Every command, view and setting the extension contributes; a test holds package.json against it both ways. */
export const Command = {
  train: "adept.train",
  stop: "adept.stop",
  resume: "adept.resume",
  openPanel: "adept.openPanel",
  refresh: "adept.refresh",
  showLog: "adept.showLog",
  newExperiment: "adept.newExperiment",
  openRunFolder: "adept.openRunFolder",
  copyRunId: "adept.copyRunId",
} as const;
export type Command = (typeof Command)[keyof typeof Command];

export const View = { runs: "adept.runs", panel: "adept.panel" } as const;

export const Setting = { commitRuns: "adept.git.commitRuns", notifications: "adept.notifications" } as const;
export type Setting = (typeof Setting)[keyof typeof Setting];
