import type { DraftLimits, ExperimentDraft } from "../experiment/experimentDraft.ts";
import type { Forecast, Inspection, MemoryAnswer, SizesAnswer } from "./setupQuestions.ts";
import type { SetupLabels } from "./setupLabels.ts";

export type { DraftLimits, ExperimentDraft, Forecast, Inspection, MemoryAnswer, SetupLabels, SizesAnswer };

/**
 * From the host to the setup page. `start`: the whole form anew; the rest: what was found out for the form as it is,
 * `asked`: for which; `refused`: what the page said last is not taken.
 */
export type SetupHostMessage =
  | { type: "start"; labels: SetupLabels; limits: DraftLimits; draft: ExperimentDraft; title: string }
  | { type: "inspection"; asked: number; result?: Inspection; error?: string }
  | { type: "sizes"; result?: SizesAnswer; error?: string }
  | { type: "forecast"; result?: Forecast; error?: string; memory?: MemoryAnswer; working: boolean; stopped?: boolean }
  | { type: "written"; error?: string }
  | { type: "refused"; error: string };

/**
 * From the setup page to the host. `asked` numbers what a draft has to be looked at for: another task, backbone or
 * length has another; `reread`: the look at it took too long; `forecast`: it is stopped, or measured after all.
 */
export type SetupPageMessage =
  | { type: "ready" }
  | { type: "chooseData" }
  | { type: "chooseBackbone"; how: "embedded" | "folder" | "hub" }
  | { type: "draft" | "reread"; draft: ExperimentDraft; asked: number }
  | { type: "forecast"; measure: boolean }
  | { type: "write"; draft: ExperimentDraft; train: boolean }
  | { type: "problem"; message: string };

const TYPES = ["start", "inspection", "sizes", "forecast", "written", "refused"];
export function isSetupHostMessage(value: unknown): value is SetupHostMessage {
  return (
    typeof value === "object" &&
    value !== null &&
    "type" in value &&
    typeof value.type === "string" &&
    TYPES.includes(value.type)
  );
}
