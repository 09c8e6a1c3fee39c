import * as z from "zod";
import { LONGEST_CHECKED } from "./limits.ts";
import { PhraseData } from "../base/phraseSchema.ts";
import { DraftPrompt } from "../experiment/draftSchema.ts";

/** The task of an inspection; templates that are not given are suggested. Paths are absolute. */
export const AskedTask = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("file"),
    train: z.string(),
    source: z.string().optional(),
    target: z.string().optional(),
  }),
  z.object({ kind: z.literal("chat"), train: z.string(), trainOn: z.enum(["all", "last"]).optional() }),
  z.object({ kind: z.literal("mail") }),
]);
export type AskedTask = z.infer<typeof AskedTask>;

const id = z.number().int();
const count = z.number().int().nonnegative();
const length = z.number().int().positive();

/** Requests of the setup page and of the experiment editor to the token worker. */
export const SetupRequest = z.discriminatedUnion("type", [
  z.object({
    id,
    type: z.literal("inspect"),
    task: AskedTask,
    backbone: z.string(),
    prompt: DraftPrompt.optional(),
    maxSourceLength: length,
    maxTargetLength: length.optional().describe("by default that of the kind of task"),
  }),
  z.object({
    id,
    type: z.literal("memory"),
    backbone: z.string(),
    budget: length,
    source: length,
    target: length,
    generated: length,
    rows: count,
  }),
  z.object({ id, type: z.literal("usable"), path: z.string() }),
  z.object({ id, type: z.literal("sizes"), backbone: z.string(), budgets: z.array(length).max(200) }),
  z.object({ id, type: z.literal("check"), path: z.string(), text: z.string().max(LONGEST_CHECKED) }),
  z.object({ id, type: z.literal("trainable"), path: z.string() }),
]);
export type SetupRequest = z.infer<typeof SetupRequest>;

/** Numbers of tokens: half of the texts have at most `median`, 95 % at most `high`. */
const Spread = z.object({ median: count, high: count, longest: count });
/** One example in the form in which the model reads it. */
const Preview = z.object({
  pieces: z.array(z.string()),
  /** The number of tokens that are left out, since the input is too long; and before which piece they were. */
  cut: count,
  cutAt: count,
  target: z.string(),
  targetPieces: z.array(z.string()),
  /** Indices of `targetPieces` that are read but not trained, such as a user's later turns. */
  untrained: z.array(count),
  /** The number of tokens that are cut off the end of the answer. */
  targetCut: count,
});
/** What an inspection found about the data of a draft. */
export const Inspection = z.object({
  rows: count,
  /** Whether `rows` counts all rows; of a large file only the first are read. */
  all: z.boolean(),
  /** Whether the first line, which was read as a header, looks like an example. */
  headerless: z.boolean(),
  columns: z.array(
    z.object({ name: z.string(), role: z.enum(["input", "output", "other"]), distinct: count, example: z.string() }),
  ),
  /** Templates of input and output: those of the draft, or suggested ones. */
  source: z.string(),
  target: z.string(),
  /** The commonest targets. */
  labels: z.array(z.object({ text: z.string(), count })),
  distinctTargets: count,
  examples: z.array(Preview),
  /** Examples whose tokens were counted. */
  sampled: count,
  /** Examples of `sampled` that are longer than the longest input. */
  truncated: count,
  targetsTruncated: count,
  /** The kind of task as which the rows were read. */
  kind: z.enum(["file", "chat", "mail"]),
  /** As which kinds of task they can be read. */
  kinds: z.array(z.enum(["file", "chat", "mail"])),
  backbone: z.object({ isCausal: z.boolean(), hasTemplate: z.boolean(), budget: count }),
  tokens: Spread,
  targetTokens: Spread,
  problem: PhraseData.optional(),
  /** What the user should know of the file, such as its encoding. */
  note: PhraseData.optional(),
});
export type Inspection = z.infer<typeof Inspection>;
/** An inspection as the page shows it. */
export type ShownInspection = Omit<Inspection, "problem" | "note"> & { problem?: string; note?: string };

/** ADePT's sizes within each budget; null where the budget is too small. `gguf`: of a backbone in a GGUF file. */
export const SizesAnswer = z.object({
  gguf: z.object({ architecture: z.string(), bytes: z.number() }).optional(),
  width: z.number(),
  parameters: z.number(),
  sizes: z.array(
    z.object({ budget: z.number(), promptLength: z.number(), bottleneck: z.number(), count: z.number() }).nullable(),
  ),
});
export type SizesAnswer = z.infer<typeof SizesAnswer>;

/** Why a GGUF file cannot be a backbone, in a few words; without a problem it can. */
export const UsableAnswer = z.object({ problem: PhraseData.optional() });
export type UsableAnswer = z.infer<typeof UsableAnswer>;

/** A problem in an experiment file; `from` and `to` are character offsets of its text. */
export const Problem = z.object({
  from: count,
  to: count,
  severity: z.enum(["error", "warning"]),
  code: z.string(),
  message: PhraseData,
  schema: z.boolean().describe("the schema reports it too: only its fixes are offered"),
  fixes: z.array(
    z.object({ title: PhraseData, edits: z.array(z.object({ from: count, to: count, text: z.string() })) }),
  ),
});
export type Problem = z.infer<typeof Problem>;
/** What was found in an experiment file. */
export const CheckAnswer = z.object({
  problems: z.array(Problem),
  /** Paths of the files and folders that the experiment names, whether they exist or not. */
  places: z.array(z.string()),
  sizes: z
    .object({ from: count, to: count, promptLength: z.number(), bottleneck: z.number(), count: z.number() })
    .optional(),
  name: z.string().optional(),
  runs: z.number().optional(),
});
export type CheckAnswer = z.infer<typeof CheckAnswer>;

/** The forecast of the memory that training needs, and the free memory, in bytes. */
export const MemoryAnswer = z.object({ needed: z.number(), available: z.number() });
export type MemoryAnswer = z.infer<typeof MemoryAnswer>;

/** The cost of an experiment on this machine, measured over a few real steps. */
export const Forecast = z.object({
  secondsPerStep: z.number(),
  /** Seconds for the whole run. */
  seconds: z.number(),
  /** Peak resident bytes. */
  memory: z.number(),
  trainable: z.number(),
  /** Bytes that were free before the measurement. */
  freeMemory: z.number(),
});
export type Forecast = z.infer<typeof Forecast>;
