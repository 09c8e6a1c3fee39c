// The parts of the host that feed the page, as one bundle without VS Code: pageHost.ts builds it.
export { AnalysisFeed } from "../../src/ui/analysisFeed.ts";
export { CompareFeed } from "../../src/ui/compareFeed.ts";
export { host } from "../../src/ui/host.ts";
export { pageHtml } from "../../src/ui/pageHtml.ts";
export { pageLabels } from "../../src/ui/pageLabels.ts";
export { choiceOf, stepPoints, viewOf } from "../../src/ui/runView.ts";
