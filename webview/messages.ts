import type { RunRecord, StepPoint } from "../src/experiment/record.ts";

export type { RunRecord, StepPoint };

/** Every text of the page, translated by the host. */
export type Labels = Record<
  | "stop" | "resume" | "copyId" | "openFolder" | "showLog" | "loss" | "training" | "validation" | "learningRate" | "gradientNorm" | "updateRatio" | "step" | "metric"
  | "testOf" | "differencePlain" | "trained" | "untrained" | "ffnOff" | "promptOff" | "positionsOff" | "majority" | "notMeasured" | "parameters" | "device" | "examples" | "speed" | "adapter" | "commit" | "warnings"
  | "progress" | "asTable" | "lossTable" | "logScale" | "lossOf" | "gone" | "method" | "task" | "backbone" | "seed" | "difference" | "run" | "every" | "rowsShown", string>;

export interface RunView {
  readonly record: RunRecord;
  readonly live: boolean;
  readonly resumable: boolean;
  readonly statusText: string; metric: string; metricName: string; correlation: boolean;
  readonly summary: string;
  /** Part done, 0 to 1. */
  readonly progress: number;
  readonly adapterPath: string | undefined;
}

/** From the host to the page: everything once, then what is new. */
export type HostMessage =
  | { type: "reset"; labels: Labels; view: RunView; points: StepPoint[] }
  | { type: "update"; view: RunView; points: StepPoint[] }
  | { type: "gone"; message: string };

/** From the page to the host. */
export type PageMessage =
  | { type: "ready" }
  | { type: "stop" } | { type: "resume" } | { type: "openFolder" } | { type: "copyId" } | { type: "showLog" }
  | { type: "problem"; message: string };

function isObject(value: unknown): value is Record<string, unknown> { return typeof value === "object" && value !== null; }

function isView(value: unknown): value is RunView {
  return isObject(value) && typeof value["live"] === "boolean" && typeof value["progress"] === "number"
    && isObject(value["record"]) && typeof value["record"]["id"] === "string" && Array.isArray(value["record"]["evaluations"]);
}

export function isHostMessage(value: unknown): value is HostMessage {
  if (!isObject(value)) return false;
  switch (value["type"]) {
    case "reset": return isObject(value["labels"]) && isView(value["view"]) && Array.isArray(value["points"]);
    case "update": return isView(value["view"]) && Array.isArray(value["points"]);
    case "gone": return typeof value["message"] === "string";
    default: return false;
  }
}
