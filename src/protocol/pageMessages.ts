import type { AnalysisName } from "../experiment/analysisNames.ts";
import type { RunRecord, StepPoint } from "../record/record.ts";
import type { Labels } from "./pageLabels.ts";
import { TABS, type TabId } from "../../webview/pageState.ts";
import type { RunComparison } from "./results/comparison.ts";

export type { AnalysisName, Labels, RunComparison, RunRecord, StepPoint, TabId };

export interface RunView {
  readonly record: RunRecord;
  readonly live: boolean;
  readonly resumable: boolean;
  readonly statusText: string;
  metric: string;
  metricName: string;
  correlation: boolean;
  readonly summary: string;
  /** Part done, 0 to 1. */
  readonly progress: number;
  readonly adapterPath: string | undefined;
  /** a step's time on each device that the run's was chosen among; memory and load of its graphics processors */
  readonly measured?: string | undefined;
  /** what its narrower weights cost */
  readonly precision?: string | undefined;
  readonly memory?: string | undefined;
  readonly gpu?: string | undefined;
}

/**
 * How an analysis of the run stands. `applies`: the method has something for it; `ready`: the run has a result to
 * analyse; `forecast`: seconds, of which undefined: unknown.
 */
export interface AnalysisView {
  name: AnalysisName;
  applies: boolean;
  ready: boolean;
  status: "none" | "waiting" | "running" | "finished" | "failed" | "stopped";
  label: string;
  done: number;
  total: number;
  forecast: number | undefined;
  examples: number | undefined;
}

/** A run that can be compared or stand beside this one. */
export interface RunChoice {
  id: string;
  name: string;
  method: string;
  task: string;
  seed: number;
  status: string;
  value: string;
  experiment: string;
  sweep: string | undefined;
  variant: string;
  open: boolean;
}

/** The stored result of another run's analysis, to stand beside this one's. */
export interface Peer {
  id: string;
  name: string;
  method: string;
  seed: number;
  result: unknown;
}

export interface ComparedRun {
  id: string;
  name: string;
  seed: number;
  points: [step: number, loss: number][];
  validation: [step: number, value: number][];
  commit: string | undefined;
}

/** From the host to the page: everything once, then what is new. */
export type HostMessage =
  | {
      type: "reset";
      labels: Labels;
      view: RunView;
      points: StepPoint[];
      runs: RunChoice[];
      open?: { tab: TabId; ids?: string[] } | undefined;
    }
  | { type: "update"; view: RunView; points: StepPoint[] }
  | { type: "runs"; runs: RunChoice[] }
  | { type: "open"; tab: TabId; ids?: string[] | undefined }
  /** `result` comes only when it is new */
  | { type: "analysis"; analysis: AnalysisView; result?: unknown }
  | { type: "peers"; name: AnalysisName; peers: Peer[] }
  /** runs side by side; `result` follows when their statistics are made */
  | { type: "compared"; ids: string[]; runs: ComparedRun[]; differing: { key: string; values: string[] }[] }
  | {
      type: "statistics";
      ids: string[];
      result?: RunComparison | undefined;
      correlation?: boolean;
      error?: string | undefined;
    }
  /** new points of a compared run that is at work */
  | { type: "curve"; run: ComparedRun }
  | { type: "gone"; message: string };

export type PlainRequest = "ready" | "stop" | "resume" | "openFolder" | "copyId" | "showLog";
/** From the page to the host. */
export type PageMessage =
  | { type: PlainRequest }
  | { type: "tab"; tab: TabId }
  | { type: "analyse"; name: AnalysisName }
  | { type: "stopAnalysis" }
  | { type: "compare"; ids: string[] }
  | { type: "diff"; from: string; to: string }
  | { type: "save"; name: string; format: "png" | "csv"; data: string }
  | { type: "copy"; text: string }
  | { type: "problem"; message: string };

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isView(value: unknown): value is RunView {
  return (
    isObject(value) &&
    typeof value["live"] === "boolean" &&
    typeof value["progress"] === "number" &&
    isObject(value["record"]) &&
    typeof value["record"]["id"] === "string" &&
    Array.isArray(value["record"]["evaluations"])
  );
}

/** Whether a message is one that this page knows; the host is the same version, so a look at its shape is enough. */
export function isHostMessage(value: unknown): value is HostMessage {
  if (!isObject(value)) return false;
  switch (value["type"]) {
    case "reset":
      return (
        isObject(value["labels"]) &&
        isView(value["view"]) &&
        Array.isArray(value["points"]) &&
        Array.isArray(value["runs"])
      );
    case "update":
      return isView(value["view"]) && Array.isArray(value["points"]);
    case "runs":
      return Array.isArray(value["runs"]);
    case "open":
      return TABS.some((tab) => tab === value["tab"]);
    case "analysis":
      return isObject(value["analysis"]) && typeof value["analysis"]["name"] === "string";
    case "peers":
      return Array.isArray(value["peers"]);
    case "compared":
      return Array.isArray(value["ids"]) && Array.isArray(value["runs"]) && Array.isArray(value["differing"]);
    case "statistics":
      return Array.isArray(value["ids"]);
    case "curve":
      return isObject(value["run"]);
    case "gone":
      return typeof value["message"] === "string";
    default:
      return false;
  }
}
