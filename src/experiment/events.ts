import * as z from "zod";
import { CommitId, InnerPath, RunRef } from "./objectNames.ts";
import { PRECISIONS } from "./precisionSpec.ts";

/** Trainable components watched apart: the soft prompt and the offset FFN. */
const perComponent = z.record(z.string(), z.number());
const at = { time: z.number().describe("milliseconds since the epoch") };

export const RunStatus = z.enum(["queued", "preparing", "running", "evaluating", "stopping", "finished", "stopped", "failed", "interrupted"]);
export type RunStatus = z.infer<typeof RunStatus>;

/** What a person says of a run; a key left out stays as it was. */
export const Annotation = z.object({
  name: z.string().min(1).max(300).optional(), note: z.string().max(10_000).optional(), starred: z.boolean().optional(), tags: z.array(z.string().min(1).max(60)).max(50).optional(), archived: z.boolean().optional(),
  priority: z.number().optional().describe("of runs that wait, higher ones go first"),
});
export type Annotation = z.infer<typeof Annotation>;

/** A device that could have computed a run: milliseconds of one of its steps there, or why there is none. */
export const MeasuredDevice = z.object({ device: z.string(), name: z.string().optional(), milliseconds: z.number().optional(), reason: z.string().optional() });
export type MeasuredDevice = z.infer<typeof MeasuredDevice>;

/** What a graphics processor is at while a run computes on one: memory in bytes, utilisation 0 to 1; what the driver does not tell is left out. */
export const GpuUse = z.object({ index: z.number(), name: z.string(), memoryUsed: z.number().optional(), memoryTotal: z.number().optional(), utilisation: z.number().optional() });
export type GpuUse = z.infer<typeof GpuUse>;

/** One line of events.jsonl: the only protocol between a worker and everything that shows a run. */
export const RunEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("created"), ...at, version: z.number().int().min(1).describe("a higher one is a newer ADePT Lab's: such a run is only read"), id: z.string(), name: z.string(), method: z.string(), task: z.string(), backbone: z.string(), seed: z.number(), steps: z.number(),
    experiment: z.string().optional().describe("the experiment's own name, without what tells its runs apart"), variant: z.string().optional().describe("what tells the run from others of its sweep, its seed apart"), sweep: z.string().optional() }),
  z.object({ type: z.literal("status"), ...at, status: RunStatus, message: z.string().optional(), pid: z.number().optional() }),
  z.object({ type: z.literal("plan"), ...at, trainable: z.number(), promptLength: z.number(), bottleneck: z.number(), examples: z.object({ train: z.number(), validation: z.number(), test: z.number() }), device: z.string(), majority: z.number().optional() }),
  z.object({ type: z.literal("engine"), ...at, device: z.string(), name: z.string().describe("what computes, as a person knows it"), measured: z.array(MeasuredDevice) }),
  z.object({ type: z.literal("precision"), ...at, weights: z.enum(PRECISIONS), label: z.enum(["untrained", "trained"]), split: z.enum(["train", "validation"]), examples: z.number(), loss: z.number(), wideLoss: z.number().describe("with fp32 weights"), same: z.number().describe("examples with the same prediction"), bytes: z.number().describe("of the weights as they are held"), wideBytes: z.number() }),
  z.object({ type: z.literal("step"), ...at, step: z.number(), loss: z.number(), learningRate: perComponent, gradientNorm: perComponent, updateRatio: perComponent, tokensPerSecond: z.number(), secondsLeft: z.number(), memory: z.number().optional().describe("resident memory of the worker, bytes") }),
  z.object({ type: z.literal("evaluation"), ...at, step: z.number(), split: z.enum(["validation", "test"]), label: z.string().optional().describe("what was evaluated: trained (default), untrained, ffn-off, prompt-off"), loss: z.number(), metrics: z.record(z.string(), z.number()), examples: z.number(), seconds: z.number().optional() }),
  z.object({ type: z.literal("checkpoint"), ...at, step: z.number(), best: z.boolean() }),
  z.object({ type: z.literal("warning"), ...at, message: z.string() }),
  z.object({ type: z.literal("git"), ...at, kind: z.enum(["snapshot", "result", "skipped"]), commit: CommitId.optional(), ref: RunRef.optional(), message: z.string().optional() }),
  z.object({ type: z.literal("sources"), ...at, paths: z.record(z.string(), InnerPath).describe("where in the repository each path of the experiment lies; the repository may move, or be another's") }),
  z.object({ type: z.literal("analysis"), ...at, name: z.string(), status: z.enum(["started", "running", "finished", "failed", "stopped"]), label: z.string().optional(), done: z.number().optional(), total: z.number().optional(), metric: z.number().optional() }),
  z.object({ type: z.literal("annotated"), ...at, ...Annotation.shape }),
  z.object({ type: z.literal("reproduced"), ...at, of: z.string(), same: z.boolean().describe("every byte of the trained tensors"), steps: z.number(), firstDifference: z.object({ step: z.number(), loss: z.number(), was: z.number() }).optional(), metric: z.object({ name: z.string(), value: z.number().nullable(), was: z.number() }).optional(), outside: z.array(z.string()).optional().describe("paths that its commit lacks: taken as they were now") }),
  z.object({ type: z.literal("heartbeat"), ...at, pid: z.number(), gpus: z.array(GpuUse).optional() }),
  z.object({ type: z.literal("error"), ...at, message: z.string(), action: z.string().optional() }),
  z.object({ type: z.literal("newer"), ...at, version: z.number().optional() }).describe("stands for a line that only a newer ADePT Lab knows; nobody writes it"),
]);
export type RunEvent = z.infer<typeof RunEvent>;
/** An event without its time, as a writer hands it over. */
export type NewRunEvent = RunEvent extends infer E ? E extends RunEvent ? Omit<E, "time"> : never : never;
