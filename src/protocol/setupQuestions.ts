import * as z from "zod";
import { LONGEST_CHECKED } from "./limits.ts";

/** A task as the setup page asks about it: templates that are not given are suggested. Paths are absolute. */
export const AskedTask = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("file"),
    train: z.string(),
    source: z.string().optional(),
    target: z.string().optional(),
  }),
  z.object({ kind: z.literal("mail") }),
]);
export type AskedTask = z.infer<typeof AskedTask>;

const id = z.number().int();
const count = z.number().int().nonnegative();
const length = z.number().int().positive();

/** What the setup page, or an experiment file's editor, asks a worker. */
export const SetupRequest = z.discriminatedUnion("type", [
  z.object({
    id,
    type: z.literal("inspect"),
    task: AskedTask,
    backbone: z.string(),
    maxSourceLength: length,
    maxTargetLength: length,
  }),
  z.object({
    id,
    type: z.literal("memory"),
    backbone: z.string(),
    budget: length,
    source: length,
    target: length,
    rows: count,
  }),
  z.object({ id, type: z.literal("sizes"), backbone: z.string(), budgets: z.array(length).max(200) }),
  z.object({ id, type: z.literal("check"), path: z.string(), text: z.string().max(LONGEST_CHECKED) }),
]);
export type SetupRequest = z.infer<typeof SetupRequest>;

/** One example as the model gets it: its pieces, and how many tokens of it are beyond the longest input. */
const Preview = z.object({
  pieces: z.array(z.string()),
  cut: count,
  target: z.string(),
  targetPieces: z.array(z.string()),
});
/**
 * Data looked at before it is trained on. `all`: of a large file only the first rows are read; `headerless`: the first
 * line, taken for a header, looks like an example; `labels`: the commonest targets; `sampled`: examples whose tokens
 * were counted, of which `truncated` are longer than the longest input.
 */
export const Inspection = z.object({
  rows: count,
  all: z.boolean(),
  headerless: z.boolean(),
  columns: z.array(
    z.object({ name: z.string(), role: z.enum(["input", "output", "other"]), distinct: count, example: z.string() }),
  ),
  source: z.string(),
  target: z.string(),
  labels: z.array(z.object({ text: z.string(), count })),
  distinctTargets: count,
  examples: z.array(Preview),
  sampled: count,
  truncated: count,
  targetsTruncated: count,
  tokens: z.object({ median: count, high: count, longest: count }),
  problem: z.string().optional(),
});
export type Inspection = z.infer<typeof Inspection>;

/** ADePT's sizes within budgets; undefined sizes: the budget is too small. */
export const SizesAnswer = z.object({
  width: z.number(),
  parameters: z.number(),
  sizes: z.array(
    z.object({ budget: z.number(), promptLength: z.number(), bottleneck: z.number(), count: z.number() }).nullable(),
  ),
});
export type SizesAnswer = z.infer<typeof SizesAnswer>;

/**
 * Something of an experiment file that its schema cannot tell; `from`, `to`: units of the text; `fixes`: texts to put
 * there, or at another place.
 */
export const Problem = z.object({
  from: count,
  to: count,
  severity: z.enum(["error", "warning"]),
  code: z.string(),
  message: z.string(),
  schema: z.boolean().describe("the schema says so too: it is a place to fix, not another squiggle"),
  fixes: z.array(
    z.object({ title: z.string(), edits: z.array(z.object({ from: count, to: count, text: z.string() })) }),
  ),
});
export type Problem = z.infer<typeof Problem>;
/** `places`: paths of the files and folders that the experiment names, there or not. */
export const CheckAnswer = z.object({
  problems: z.array(Problem),
  places: z.array(z.string()),
  sizes: z
    .object({ from: count, to: count, promptLength: z.number(), bottleneck: z.number(), count: z.number() })
    .optional(),
  name: z.string().optional(),
  runs: z.number().optional(),
});
export type CheckAnswer = z.infer<typeof CheckAnswer>;

/** Bytes that training is forecast to need, and that there are free for it. */
export const MemoryAnswer = z.object({ needed: z.number(), available: z.number() });
export type MemoryAnswer = z.infer<typeof MemoryAnswer>;

/**
 * What a few real steps of an experiment cost on this machine: seconds of the whole run, resident bytes at most;
 * `freeMemory` could be had before.
 */
export const Forecast = z.object({
  secondsPerStep: z.number(),
  seconds: z.number(),
  memory: z.number(),
  trainable: z.number(),
  freeMemory: z.number(),
});
export type Forecast = z.infer<typeof Forecast>;
