import * as z from "zod";
import { ClusterJob } from "./clusterJob.ts";
import { FileDigest } from "../base/fileDigest.ts";
import { CommitId, InnerPath, RunRef } from "../base/identifiers.ts";
import { StoredPhrase } from "../base/phraseSchema.ts";
import { Selection } from "../experiment/selection.ts";
import { PRECISIONS } from "../engine/precisionSpec.ts";

/**
 * A text that is cut to `most` characters, the most that can be shown: journals can come from other people. A list that
 * is too long, in contrast, makes the whole event invalid.
 */
const text = (most: number): z.ZodType<string> =>
  z.string().transform((given) => (given.length > most ? `${given.slice(0, most)}…` : given));
const shortText = text(300);
const longText = text(20_000);
const hasFewKeys = <T extends object>(value: T): boolean => Object.keys(value).length <= MOST_KEYS;
const MOST_KEYS = 200;
/** One number for each group of trained parameters, such as the soft prompt and the offset FFN. */
const perComponent = z.record(z.string(), z.number()).refine(hasFewKeys);
/** A method's sizes by its names for them: promptLength, bottleneck, rank. */
export const NamedSizes = z.record(z.string().max(100), z.number()).refine(hasFewKeys);
/** The largest time in milliseconds that a Date can hold. */
export const LAST_TIME = 8.64e15;
/** The largest number of a start; a larger one is damage. */
const LAST_START = 1e9;
const at = {
  time: z.number().min(0).max(LAST_TIME).describe("milliseconds since the epoch"),
  posted: z.string().max(60).optional().describe("the name of an event that came through the run's inbox"),
};

/** The states of a run, from waiting in the queue to its end. */
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

/** What a person adds to a run. A missing key leaves the value as it was. */
export const Annotation = z.object({
  name: z.string().min(1).max(300).optional(),
  note: z.string().max(10_000).optional(),
  starred: z.boolean().optional(),
  tags: z.array(z.string().min(1).max(60)).max(50).optional(),
  archived: z.boolean().optional(),
  priority: z.number().optional().describe("waiting runs with a higher priority are started first"),
});
export type Annotation = z.infer<typeof Annotation>;

/**
 * A device that was measured for a run: how long one training step takes there, or the reason why it cannot compute the
 * run.
 */
export const MeasuredDevice = z.object({
  device: shortText,
  name: shortText.optional(),
  milliseconds: z.number().optional(),
  reason: longText.optional(),
  phrase: StoredPhrase,
});
export type MeasuredDevice = z.infer<typeof MeasuredDevice>;

/**
 * The use of a graphics processor during training: memory in bytes, utilisation from 0 to 1, temperature in degrees
 * Celsius. Values that the driver does not report are missing.
 */
export const GpuUse = z.object({
  index: z.number(),
  name: shortText,
  memoryUsed: z.number().optional(),
  memoryTotal: z.number().optional(),
  utilisation: z.number().optional(),
  temperature: z.number().optional(),
});
export type GpuUse = z.infer<typeof GpuUse>;

/**
 * What an input file held when the run read it; `kept`: where these bytes are: in the commit as they are ("commit"), in
 * the commit by git's filter ("filter"), in the commit beside the file ("beside"), outside git ("store"), or nowhere
 * ("none"). `why`: why the commit does not hold them in their place. Older journals have neither.
 */
export const InputDigest = FileDigest.extend({
  kept: z.enum(["commit", "filter", "beside", "store", "none"]).optional().catch(undefined),
  why: z
    .enum(["converted", "filtered", "unseen", "link", "untracked", "outside", "large", "secret", "many"])
    .optional()
    .catch(undefined),
});
export type InputDigest = z.infer<typeof InputDigest>;

/** One line of a run's events.jsonl. The worker communicates with everything that shows a run only by these events. */
export const RunEvent = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("created"),
    ...at,
    version: z
      .number()
      .int()
      .min(1)
      .describe("a higher version is written by a newer ADePT Lab; such a run is only read"),
    id: shortText,
    name: shortText,
    method: shortText,
    task: shortText,
    data: longText.optional().describe("the path of the task's training data or folder"),
    backbone: longText,
    seed: z.number(),
    steps: z.number(),
    selection: Selection.optional().describe("what chooses the checkpoint on validation"),
    experiment: shortText.optional().describe("the experiment's name, without the part that tells its runs apart"),
    variant: text(2000)
      .optional()
      .describe("the settings that tell the run from others of its sweep, without its seed"),
    sweep: shortText.optional(),
  }),
  z.object({
    type: z.literal("status"),
    ...at,
    status: RunStatus,
    message: longText.optional(),
    phrase: StoredPhrase,
    pid: z.number().optional(),
    start: z
      .number()
      .int()
      .min(1)
      .max(LAST_START)
      .optional()
      .describe("the number of the start that the worker works for; older journals have none"),
    job: ClusterJob.optional(),
    by: shortText
      .optional()
      .describe("what asked the worker to leave, of an interruption that is none of the run's own: signal"),
  }),
  z.object({
    type: z.literal("placed"),
    ...at,
    executor: z.literal("slurm").describe("what has placed the worker"),
    cluster: shortText,
    job: shortText,
    restart: z.number().describe("how often the job was started again before"),
    node: shortText,
    cpu: shortText.describe("the kind of processor: the same bits are promised on one kind"),
  }),
  z.object({
    type: z.literal("plan"),
    ...at,
    trainable: z.number(),
    sizes: NamedSizes.optional(),
    promptLength: z.number().optional().describe("only in journals older than `sizes`"),
    bottleneck: z.number().optional().describe("likewise: the bottleneck or the rank, 0 for a method with neither"),
    examples: z.object({ train: z.number(), validation: z.number(), test: z.number() }),
    device: shortText,
    majority: z.number().optional(),
    isCausal: z.boolean().optional().describe("whether the backbone reads text and answer as one sequence"),
  }),
  z.object({
    type: z.literal("engine"),
    ...at,
    device: shortText,
    name: shortText.describe("the device's name for display"),
    measured: z.array(MeasuredDevice).max(MOST_KEYS),
  }),
  z.object({
    type: z.literal("precision"),
    ...at,
    weights: z.enum(PRECISIONS),
    compute: z.enum(["fp32", "bf16"]).optional().describe("what the products are computed in; absent: fp32"),
    label: z.enum(["untrained", "trained"]),
    split: z.enum(["train", "validation"]),
    examples: z.number(),
    loss: z.number(),
    wideLoss: z.number().describe("with fp32 weights and products"),
    same: z.number().describe("examples with the same prediction"),
    bytes: z.number().describe("bytes of the weights as they are kept in memory"),
    wideBytes: z.number(),
  }),
  z.object({
    type: z.literal("memory"),
    ...at,
    backbone: shortText.optional().describe("its short name"),
    weights: z.enum(PRECISIONS).optional().describe("the type that its matrices are held in"),
    needed: z.number().describe("forecast of the peak use of main memory, bytes"),
    available: z.number(),
    device: z
      .object({ needed: z.number(), available: z.number().optional() })
      .optional()
      .describe("the graphics processor's own memory"),
    copies: z.number().describe("copies of the model that compute in parallel"),
    wanted: z.number().describe("copies that would compute in parallel with more memory"),
    recomputed: z
      .boolean()
      .optional()
      .describe("whether the backward pass computes each layer a second time, to keep less"),
    step: z
      .object({ seconds: z.number(), tokens: z.number() })
      .optional()
      .describe("forecast of a training step, on average; absent where it cannot be forecast"),
    less: longText.optional().describe("a change of the experiment that needs less memory, if memory is scarce"),
    lessPhrase: StoredPhrase,
    oomKills: z
      .number()
      .optional()
      .describe("processes that the system had killed for lack of memory, before the first step"),
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
    label: shortText
      .optional()
      .describe("the model that was evaluated: trained (default), untrained, ffn-off, prompt-off"),
    loss: z.number(),
    metrics: perComponent,
    examples: z.number(),
    seconds: z.number().optional(),
  }),
  z.object({ type: z.literal("checkpoint"), ...at, step: z.number(), best: z.boolean() }),
  z.object({ type: z.literal("warning"), ...at, message: longText, phrase: StoredPhrase }),
  z.object({
    type: z.literal("git"),
    ...at,
    kind: z.enum(["snapshot", "result", "skipped"]),
    commit: CommitId.optional(),
    ref: RunRef.optional(),
    message: longText.optional(),
    phrase: StoredPhrase,
  }),
  z.object({
    type: z.literal("sources"),
    ...at,
    paths: z
      .record(z.string(), InnerPath)
      .refine(hasFewKeys)
      .describe(
        "path inside the repository of each input path of the experiment, since the repository may move or be cloned",
      ),
  }),
  z.object({
    type: z.literal("contents"),
    ...at,
    files: z
      .record(z.string(), InputDigest)
      .refine(hasFewKeys)
      .describe("what the experiment's input files held at the run's start, and where these bytes are kept"),
  }),
  z.object({
    type: z.literal("analysis"),
    ...at,
    name: z.string().max(60),
    status: z.enum(["started", "running", "finished", "failed", "stopped"]),
    label: longText.optional(),
    phrase: StoredPhrase,
    done: z.number().optional(),
    total: z.number().optional(),
    metric: z.number().optional(),
  }),
  z.object({ type: z.literal("annotated"), ...at, ...Annotation.shape }),
  z.object({
    type: z.literal("reproduced"),
    ...at,
    of: shortText,
    same: z.boolean().describe("whether all bytes of the trained tensors are equal"),
    steps: z.number(),
    firstDifference: z.object({ step: z.number(), loss: z.number(), was: z.number() }).optional(),
    metric: z.object({ name: shortText, value: z.number().nullable(), was: z.number() }).optional(),
    outside: z
      .array(longText)
      .max(1000)
      .optional()
      .describe("input paths that the commit does not contain and that were read as they are now"),
  }),
  z.object({ type: z.literal("heartbeat"), ...at, pid: z.number(), gpus: z.array(GpuUse).max(MOST_KEYS).optional() }),
  z.object({
    type: z.literal("error"),
    ...at,
    message: longText,
    action: longText.optional(),
    code: shortText.optional().describe("the code of the user's error; a bug has none"),
    phrase: StoredPhrase,
    actionPhrase: StoredPhrase,
  }),
  z
    .object({ type: z.literal("newer"), ...at, version: z.number().optional() })
    .describe("stands for a line that only a newer ADePT Lab understands; it is never written"),
]);
export type RunEvent = z.infer<typeof RunEvent>;
/** An event without its time, which the journal adds on writing. */
export type NewRunEvent = RunEvent extends infer E ? (E extends RunEvent ? Omit<E, "time" | "posted"> : never) : never;
