// The parts of the host that tests and benches run without VS Code, as one bundle: loadParts.ts builds it.
export { AnalysisFeed } from "../../src/ui/analysisFeed.ts";
export { CompareFeed } from "../../src/ui/compareFeed.ts";
export { EditorHeatmap } from "../../src/ui/editorHeatmap.ts";
export { HeatmapColours } from "../../src/ui/heatmapColours.ts";
export { Folders } from "../../src/ui/folders.ts";
export { host } from "../../src/ui/host.ts";
export { pageHtml } from "../../src/ui/pageHtml.ts";
export { analysisTitle, statusText } from "../../src/ui/describe.ts";
export { measureTitle } from "../../src/ui/heatmapLegend.ts";
export { runItem, tooltip } from "../../src/ui/runItem.ts";
export { setupLabels } from "../../src/ui/setupLabels.ts";
export { localised } from "../../src/ui/localised.ts";
export { pageLabels } from "../../src/ui/pageLabels.ts";
export { RunExplorer } from "../../src/ui/runExplorer.ts";
export { RunsModel } from "../../src/ui/runsModel.ts";
export { choiceOf, stepPoints, viewOf } from "../../src/ui/runView.ts";
export * as vscode from "./vscodeStub.ts";
