import * as z from "zod";

const positive = z.number().int().positive();
const length = z.number().int().nonnegative();
const fraction = z.number().min(0).lt(1);

const promptInit = z
  .enum(["text", "random"])
  .default("text")
  .describe("Where the prompt starts: the embeddings of initText, or random ones of the vocabulary");
const initText = z
  .string()
  .default("Classify this text:")
  .describe("Text whose tokens the prompt starts from, repeated or cut to its length");
/** Most trainable parameters: a number, or those of a soft prompt of so many tokens (the paper's 100). */
export const Budget = z.union([
  positive,
  z.strictObject({ promptTokens: positive.describe("Tokens of a soft prompt with as many parameters") }),
]);
const budget = Budget.optional().describe(
  'Most trainable parameters, or { "promptTokens": 100 }; sizes that are not given are solved for',
);
/** Where the tensors start from. */
const source = z
  .string()
  .min(1)
  .optional()
  .describe(
    "Warm start: the folder of a run or an adapter whose tensors this one starts from; what it lacks starts as usual",
  );
const positions = positive.default(256).describe("Rows of DePT's position table: the longest input, in tokens");

const Adept = z.strictObject({
  kind: z.literal("adept"),
  source,
  promptLength: length.optional().describe("m: rows of the soft prompt"),
  bottleneck: positive.optional().describe("r: hidden units of the FFN"),
  budget,
  promptInit,
  initText,
  dropout: fraction.default(0.1).describe("Dropout on the hidden units in training"),
  variant: z
    .enum(["standard", "no-bias", "linear", "constant", "table", "deep", "hybrid"])
    .default("standard")
    .describe(
      "What offset a token gets: the paper's FFN; without biases; without ReLU; one constant for all; a free row per token; a deeper FFN with layer norm; the FFN plus DePT's position table",
    ),
  offsetPenalty: z
    .number()
    .positive()
    .optional()
    .describe(
      "Adds this times the mean squared offset over the mean squared embedding of the batch's tokens to the loss: keeps offsets short where examples are few",
    ),
  positions: positive.optional().describe("hybrid: rows of the position table"),
  positionRank: positive.optional().describe("hybrid: rank of the position table"),
});
const Dept = z.strictObject({
  kind: z.literal("dept"),
  source,
  promptLength: length.optional().describe("m: rows of the soft prompt"),
  rank: positive.optional().describe("Rank of the position table"),
  budget,
  promptInit,
  initText,
  positions,
  scale: z
    .union([z.literal("official"), z.number().positive()])
    .default("official")
    .describe('Factor of the offsets: "official" is 8 / sqrt(rank)'),
});
const PromptTuning = z.strictObject({
  kind: z.literal("pt"),
  source,
  promptLength: positive.optional().describe("m: rows of the soft prompt"),
  budget,
  promptInit,
  initText,
});
const Mpt = z.strictObject({
  kind: z.literal("mpt"),
  source,
  promptLength: positive.optional().describe("m: rows of the soft prompt"),
  budget,
  promptInit,
  initText,
});
const Lora = z.strictObject({
  kind: z.literal("lora"),
  source,
  rank: positive.optional().describe("r: rank of each update"),
  budget,
  alpha: z.number().positive().default(16).describe("Scale: the update is alpha / rank times B A"),
  targets: z
    .array(z.string().min(1))
    .min(1)
    .default(["q", "v"])
    .describe("Linear layers, by the last part of their name"),
});
const Ia3 = z.strictObject({
  kind: z.literal("ia3"),
  source,
  budget,
  targets: z.array(z.string().min(1)).default(["k", "v"]).describe("Linear layers whose output is scaled"),
  feedForward: z.array(z.string().min(1)).default(["wo"]).describe("Linear layers whose input is scaled"),
});
const Adapter = z.strictObject({
  kind: z.literal("adapter"),
  source,
  bottleneck: positive.optional().describe("Hidden units of each adapter"),
  budget,
  activation: z.enum(["gelu_new", "relu"]).default("gelu_new").describe("Between its two layers"),
  cross: z.boolean().default(false).describe("Also after cross-attention"),
});
const BitFit = z.strictObject({ kind: z.literal("bitfit"), source, budget });
const Full = z.strictObject({ kind: z.literal("full"), source, budget });

/** The method and its sizes, as an experiment file has them. */
export const MethodInput = z.discriminatedUnion("kind", [
  Adept,
  PromptTuning,
  Dept,
  Mpt,
  Lora,
  Ia3,
  Adapter,
  BitFit,
  Full,
]);
export type MethodSpec = z.output<typeof MethodInput>;
export type MethodKind = MethodSpec["kind"];
/** One method's own part of the union. */
export type SpecOf<K extends MethodKind> = Extract<MethodSpec, { kind: K }>;
