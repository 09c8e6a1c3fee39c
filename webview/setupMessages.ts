import type { ExperimentDraft } from "../src/experiment/experimentDraft.ts";
import type { Forecast, Inspection, SizesAnswer } from "../src/experiment/setupProtocol.ts";
import type { SetupLabels } from "../src/ui/setupLabels.ts";

export type { ExperimentDraft, Forecast, Inspection, SetupLabels, SizesAnswer };

/** From the host to the setup page. `start`: the whole form anew; the rest: what was found out for the form as it is. */
export type SetupHostMessage =
  | { type: "start"; labels: SetupLabels; draft: ExperimentDraft; title: string }
  | { type: "inspection"; result?: Inspection; error?: string }
  | { type: "sizes"; result?: SizesAnswer; error?: string }
  | { type: "forecast"; result?: Forecast; error?: string; working: boolean }
  | { type: "written"; error?: string };

/** From the setup page to the host. */
export type SetupPageMessage =
  | { type: "ready" } | { type: "chooseData" } | { type: "chooseBackbone"; how: "embedded" | "folder" | "hub" }
  | { type: "draft"; draft: ExperimentDraft }
  | { type: "write"; draft: ExperimentDraft; train: boolean }
  | { type: "problem"; message: string };

const TYPES = ["start", "inspection", "sizes", "forecast", "written"];
export function isSetupHostMessage(value: unknown): value is SetupHostMessage { return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string" && TYPES.includes(value.type); }
