import * as z from "zod";

// Keys that the schemas of several methods share.

export const positive = z.number().int().positive();
export const length = z.number().int().nonnegative();
export const fraction = z.number().min(0).lt(1);

/**
 * The largest number of trainable parameters: a number, or as many as a soft prompt of the given length has (100 tokens
 * in the paper).
 */
export const Budget = z.union([
  positive,
  z.strictObject({ promptTokens: positive.describe("Tokens of a soft prompt with as many parameters") }),
]);
export type Budget = z.output<typeof Budget>;

export const budget = Budget.optional().describe(
  'Largest number of trainable parameters, or { "promptTokens": 100 }; sizes that are not given are solved for',
);

/** The folder whose tensors training starts from. */
export const source = z
  .string()
  .min(1)
  .optional()
  .describe(
    "Warm start: the folder of a run or an adapter whose tensors this one starts from; what it lacks starts as usual",
  );

/** How the soft prompt is initialised. */
export const promptOptions = {
  promptInit: z
    .enum(["text", "random"])
    .default("text")
    .describe("Where the prompt starts: the embeddings of initText, or random ones of the vocabulary"),
  initText: z
    .string()
    .default("Classify this text:")
    .describe("Text whose tokens the prompt starts from, repeated or cut to its length"),
};
