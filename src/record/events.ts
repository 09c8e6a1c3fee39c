import * as z from "zod";
import { FileDigest } from "../base/fileDigest.ts";
import { CommitId, InnerPath, RunRef } from "../base/identifiers.ts";
import { PRECISIONS } from "../engine/precisionSpec.ts";

/** Journals come from other people too: a text is cut to what can be shown, a list that is longer is no event. */
const text = (most: number): z.ZodType<string> =>
  z.string().transform((given) => (given.length > most ? `${given.slice(0, most)}…` : given));
const word = text(300);
const told = text(20_000);
const few = <T extends object>(value: T): boolean => Object.keys(value).length <= MOST_KEYS;
const MOST_KEYS = 200;
/** Trainable components watched apart: the soft prompt and the offset FFN. */
const perComponent = z.record(z.string(), z.number()).refine(few);
/** What a date can be of. */
export const LAST_TIME = 8.64e15;
const at = { time: z.number().min(0).max(LAST_TIME).describe("milliseconds since the epoch") };

export const RunStatus = z.enum([
  "queued",
  "preparing",
  "running",
  "evaluating",
  "stopping",
  "finished",
  "stopped",
  "failed",
  "interrupted",
]);
export type RunStatus = z.infer<typeof RunStatus>;

/** What a person says of a run; a key left out stays as it was. */
export const Annotation = z.object({
  name: z.string().min(1).max(300).optional(),
  note: z.string().max(10_000).optional(),
  starred: z.boolean().optional(),
  tags: z.array(z.string().min(1).max(60)).max(50).optional(),
  archived: z.boolean().optional(),
  priority: z.number().optional().describe("of runs that wait, higher ones go first"),
});
export type Annotation = z.infer<typeof Annotation>;

/** A device that could have computed a run: milliseconds of one of its steps there, or why there is none. */
export const MeasuredDevice = z.object({
  device: word,
  name: word.optional(),
  milliseconds: z.number().optional(),
  reason: told.optional(),
});
export type MeasuredDevice = z.infer<typeof MeasuredDevice>;

/**
 * What a graphics processor is at while a run computes on one: memory in bytes, utilisation 0 to 1; what the driver
 * does not tell is left out.
 */
export const GpuUse = z.object({
  index: z.number(),
  name: word,
  memoryUsed: z.number().optional(),
  memoryTotal: z.number().optional(),
  utilisation: z.number().optional(),
});
export type GpuUse = z.infer<typeof GpuUse>;

/** One line of events.jsonl: the only protocol between a worker and everything that shows a run. */
export const RunEvent = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("created"),
    ...at,
    version: z.number().int().min(1).describe("a higher one is a newer ADePT Lab's: such a run is only read"),
    id: word,
    name: word,
    method: word,
    task: word,
    backbone: told,
    seed: z.number(),
    steps: z.number(),
    experiment: word.optional().describe("the experiment's own name, without what tells its runs apart"),
    variant: text(2000).optional().describe("what tells the run from others of its sweep, its seed apart"),
    sweep: word.optional(),
  }),
  z.object({
    type: z.literal("status"),
    ...at,
    status: RunStatus,
    message: told.optional(),
    pid: z.number().optional(),
  }),
  z.object({
    type: z.literal("plan"),
    ...at,
    trainable: z.number(),
    promptLength: z.number(),
    bottleneck: z.number(),
    examples: z.object({ train: z.number(), validation: z.number(), test: z.number() }),
    device: word,
    majority: z.number().optional(),
  }),
  z.object({
    type: z.literal("engine"),
    ...at,
    device: word,
    name: word.describe("what computes, as a person knows it"),
    measured: z.array(MeasuredDevice).max(MOST_KEYS),
  }),
  z.object({
    type: z.literal("precision"),
    ...at,
    weights: z.enum(PRECISIONS),
    label: z.enum(["untrained", "trained"]),
    split: z.enum(["train", "validation"]),
    examples: z.number(),
    loss: z.number(),
    wideLoss: z.number().describe("with fp32 weights"),
    same: z.number().describe("examples with the same prediction"),
    bytes: z.number().describe("of the weights as they are held"),
    wideBytes: z.number(),
  }),
  z.object({
    type: z.literal("memory"),
    ...at,
    needed: z.number().describe("bytes of the machine's memory that training takes at most, by forecast"),
    available: z.number(),
    device: z
      .object({ needed: z.number(), available: z.number().optional() })
      .optional()
      .describe("the graphics processor's own memory"),
    copies: z.number().describe("copies of the model that compute"),
    wanted: z.number().describe("copies there would be with more memory"),
    less: told.optional().describe("a change that takes less, where memory is scarce"),
    oomKills: z.number().optional().describe("processes that the system had ended for want of memory"),
  }),
  z.object({
    type: z.literal("step"),
    ...at,
    step: z.number(),
    loss: z.number(),
    learningRate: perComponent,
    gradientNorm: perComponent,
    updateRatio: perComponent,
    tokensPerSecond: z.number(),
    secondsLeft: z.number(),
    memory: z.number().optional().describe("resident memory of the worker, bytes"),
  }),
  z.object({
    type: z.literal("evaluation"),
    ...at,
    step: z.number(),
    split: z.enum(["validation", "test"]),
    label: word.optional().describe("what was evaluated: trained (default), untrained, ffn-off, prompt-off"),
    loss: z.number(),
    metrics: perComponent,
    examples: z.number(),
    seconds: z.number().optional(),
  }),
  z.object({ type: z.literal("checkpoint"), ...at, step: z.number(), best: z.boolean() }),
  z.object({ type: z.literal("warning"), ...at, message: told }),
  z.object({
    type: z.literal("git"),
    ...at,
    kind: z.enum(["snapshot", "result", "skipped"]),
    commit: CommitId.optional(),
    ref: RunRef.optional(),
    message: told.optional(),
  }),
  z.object({
    type: z.literal("sources"),
    ...at,
    paths: z
      .record(z.string(), InnerPath)
      .refine(few)
      .describe("where in the repository each path of the experiment lies; the repository may move, or be another's"),
  }),
  z.object({
    type: z.literal("contents"),
    ...at,
    files: z
      .record(z.string(), FileDigest)
      .refine(few)
      .describe("what files of the experiment held at its start that its commit lacks"),
  }),
  z.object({
    type: z.literal("analysis"),
    ...at,
    name: z.string().max(60),
    status: z.enum(["started", "running", "finished", "failed", "stopped"]),
    label: told.optional(),
    done: z.number().optional(),
    total: z.number().optional(),
    metric: z.number().optional(),
  }),
  z.object({ type: z.literal("annotated"), ...at, ...Annotation.shape }),
  z.object({
    type: z.literal("reproduced"),
    ...at,
    of: word,
    same: z.boolean().describe("every byte of the trained tensors"),
    steps: z.number(),
    firstDifference: z.object({ step: z.number(), loss: z.number(), was: z.number() }).optional(),
    metric: z.object({ name: word, value: z.number().nullable(), was: z.number() }).optional(),
    outside: z.array(told).max(1000).optional().describe("paths that its commit lacks: taken as they were now"),
  }),
  z.object({ type: z.literal("heartbeat"), ...at, pid: z.number(), gpus: z.array(GpuUse).max(MOST_KEYS).optional() }),
  z.object({ type: z.literal("error"), ...at, message: told, action: told.optional() }),
  z
    .object({ type: z.literal("newer"), ...at, version: z.number().optional() })
    .describe("stands for a line that only a newer ADePT Lab knows; nobody writes it"),
]);
export type RunEvent = z.infer<typeof RunEvent>;
/** An event without its time, as a writer hands it over. */
export type NewRunEvent = RunEvent extends infer E ? (E extends RunEvent ? Omit<E, "time"> : never) : never;
