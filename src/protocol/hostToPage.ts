import * as z from "zod/mini";
import { ANALYSIS_NAMES, type AnalysisName } from "../experiment/analysisNames.ts";
import type { RunRecord, StepPoint } from "../record/record.ts";
import type { ClockPoint } from "../record/stepClock.ts";
import type { SweepResults } from "../record/sweepResults.ts";
import type { Labels } from "./pageLabels.ts";
import { listOf, objectOf } from "./pageSchema.ts";
import type { RunComparison } from "./results/comparison.ts";
import { TABS } from "./tabs.ts";

export type { AnalysisName, RunRecord, StepPoint, SweepResults };

const text = z.string();
const ids = z.array(text);

/** A run as the page shows it. */
const RunView = z.object({
  record: objectOf<RunRecord>(({ id, evaluations }) => typeof id === "string" && Array.isArray(evaluations)),
  live: z.boolean(),
  resumable: z.boolean(),
  /** What a finished run could be asked, and has not been. */
  unasked: z.array(z.enum(ANALYSIS_NAMES)),
  statusText: text,
  metric: text,
  metricName: text,
  /** Whether the metric is a correlation, which is not shown as a percentage. */
  correlation: z.boolean(),
  summary: text,
  /** The completed share of the steps, 0 to 1. */
  progress: z.number(),
  adapterPath: z.optional(text),
  /** The time of a step on each device among which the run's device was chosen, in words. */
  measured: z.optional(text),
  /** How its narrower weights compare with fp32, in words. */
  precision: z.optional(text),
  memory: z.optional(text),
  /** Memory and load of the graphics processors. */
  gpu: z.optional(text),
});
export type RunView = z.infer<typeof RunView>;

/** The state of one analysis of the run. */
const AnalysisView = z.object({
  name: z.enum(ANALYSIS_NAMES),
  /** Whether the analysis applies to the run's method. */
  applies: z.boolean(),
  /** Whether the run has the result that the analysis needs. */
  ready: z.boolean(),
  status: z.enum(["none", "waiting", "running", "finished", "failed", "stopped"]),
  label: text,
  done: z.number(),
  total: z.number(),
  /** Seconds that it will take, where known. */
  forecast: z.optional(z.number()),
  examples: z.optional(z.number()),
});
export type AnalysisView = z.infer<typeof AnalysisView>;

/** A run that can be compared with this one. */
const RunChoice = z.object({
  id: text,
  name: text,
  method: text,
  task: text,
  seed: z.number(),
  status: text,
  value: text,
  experiment: text,
  sweep: z.optional(text),
  variant: text,
  open: z.boolean(),
});
export type RunChoice = z.infer<typeof RunChoice>;

/** The stored result of the same analysis of another run, shown beside this run's. */
const Peer = z.object({ id: text, name: text, method: text, seed: z.number(), result: z.unknown() });
export type Peer = z.infer<typeof Peer>;

/** A compared run's curves. */
const RunCurves = z.object({
  id: text,
  name: text,
  seed: z.number(),
  /** Step and training loss. */
  points: listOf<[step: number, loss: number]>(),
  /** Step and metric on the validation split. */
  validation: listOf<[step: number, value: number]>(),
  /** Seconds of training and about how many tokens, of each of `points`. */
  clock: z.optional(listOf<ClockPoint>()),
  /** The commit of its code, where there is one. */
  commit: z.optional(text),
});
export type RunCurves = z.infer<typeof RunCurves>;

/** What the page is to show: a tab, and for "compare" also the runs. */
const Target = z.object({ tab: z.enum(TABS), ids: z.optional(ids) });

/** From the host to the results page. Errors are texts in the window's language. */
const HostMessage = z.discriminatedUnion("type", [
  /** The whole state of the page: it is new, or was unloaded while hidden. */
  z.object({
    type: z.literal("reset"),
    labels: objectOf<Labels>(),
    view: RunView,
    points: listOf<StepPoint>(),
    runs: z.array(RunChoice),
    open: z.optional(Target),
  }),
  z.object({ type: z.literal("update"), view: RunView, points: listOf<StepPoint>() }),
  z.object({ type: z.literal("runs"), runs: z.array(RunChoice) }),
  z.extend(Target, { type: z.literal("open") }),
  /** `result` is present only if it has changed. */
  z.object({ type: z.literal("analysis"), analysis: AnalysisView, result: z.optional(z.unknown()) }),
  z.object({ type: z.literal("peers"), name: z.enum(ANALYSIS_NAMES), peers: z.array(Peer) }),
  /** Runs side by side; "statistics" follows when it is computed. */
  z.object({
    type: z.literal("compared"),
    ids,
    runs: z.array(RunCurves),
    differing: z.array(z.object({ key: text, values: z.array(text) })),
    /** Their settings and what validation says of each. */
    sweep: z.optional(objectOf<SweepResults>(({ runs }) => Array.isArray(runs))),
  }),
  z.object({
    type: z.literal("statistics"),
    ids,
    result: z.optional(objectOf<RunComparison>()),
    correlation: z.optional(z.boolean()),
    error: z.optional(text),
  }),
  /** New points of a compared run that is training. */
  z.object({ type: z.literal("curve"), run: RunCurves }),
  z.object({ type: z.literal("gone"), message: text }),
]);
export type HostMessage = z.infer<typeof HostMessage>;

/**
 * Checks a message of the host to the results page.
 * @returns undefined for any other value
 */
export function parseHostMessage(value: unknown): HostMessage | undefined {
  const parsed = HostMessage.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
