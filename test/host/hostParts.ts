// The parts of the host that tests and benches run without VS Code, as one bundle: loadParts.ts builds it.
export { analysisTitles } from "../../src/protocol/analysisLabels.ts";
export { AnalysisFeed } from "../../src/ui/page/analysisFeed.ts";
export { clusterCommands } from "../../src/ui/commands/clusterCommands.ts";
export { clusterHelp, clusterNeed, clusterText } from "../../src/ui/runs/clusterText.ts";
export { ClusterWatch } from "../../src/ui/runs/clusterWatch.ts";
export { ContextKeys } from "../../src/ui/commands/contextKeys.ts";
export { CodeDiff } from "../../src/ui/runs/codeDiff.ts";
export { CompareFeed } from "../../src/ui/page/compareFeed.ts";
export { EditorHeatmap } from "../../src/ui/heatmap/editorHeatmap.ts";
export { ExperimentChecks } from "../../src/ui/editing/experimentChecks.ts";
export { heatmapCommands } from "../../src/ui/commands/heatmapCommands.ts";
export { HeatmapHover } from "../../src/ui/heatmap/heatmapHover.ts";
export { HeatmapLegend } from "../../src/ui/heatmap/heatmapLegend.ts";
export { Heatmaps } from "../../src/ui/heatmap/heatmaps.ts";
export { HeatmapDecorations } from "../../src/ui/heatmap/heatmapDecorations.ts";
export { Folders } from "../../src/ui/window/folders.ts";
export { host } from "../../src/ui/window/host.ts";
export { historyCommands } from "../../src/ui/commands/historyCommands.ts";
export { annotateCommands } from "../../src/ui/commands/annotateCommands.ts";
export { deleteCommands } from "../../src/ui/commands/deleteCommands.ts";
export { filterCommands } from "../../src/ui/commands/filterCommands.ts";
export { viewCommands } from "../../src/ui/commands/viewCommands.ts";
export { Command } from "../../src/ui/window/ids.ts";
export { Panels } from "../../src/ui/page/panel.ts";
export { pageHtml } from "../../src/ui/page/pageHtml.ts";
export { statusText } from "../../src/ui/runs/runText.ts";
export { measureTitle } from "../../src/ui/heatmap/measureTitle.ts";
export { runItem, runTooltip } from "../../src/ui/runs/runItem.ts";
export { Setups } from "../../src/ui/setup/setup.ts";
export {
  choiceSetting,
  booleanSetting,
  integerSetting,
  objectSetting,
  textSetting,
} from "../../src/ui/window/settings.ts";
export { setupLabels } from "../../src/protocol/setupLabels.ts";
export { experimentNotes } from "../../src/ui/setup/experimentNotes.ts";
export { ExperimentSchema } from "../../src/ui/editing/experimentSchema.ts";
export { localised, localisedError, localisedResult } from "../../src/ui/window/localised.ts";
export { cancellableWait } from "../../src/ui/window/cancellableWait.ts";
export { pageLabels } from "../../src/protocol/pageLabels.ts";
export { RunExplorer } from "../../src/ui/runs/runExplorer.ts";
export { RunLogs } from "../../src/ui/runs/runLogs.ts";
export { RunPick } from "../../src/ui/runs/runPick.ts";
export { RunsModel } from "../../src/ui/runs/runsModel.ts";
export { stepPoints } from "../../src/record/stepPoints.ts";
export { choiceOf, viewOf } from "../../src/ui/page/runView.ts";
export { trainCommands } from "../../src/ui/commands/trainCommands.ts";
export { writeExperiment } from "../../src/ui/setup/writeExperiment.ts";
export * as vscode from "./vscodeStub.ts";
