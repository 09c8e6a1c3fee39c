import * as z from "zod";
import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase, verbatim } from "../../base/phrase.ts";
import { isCharsMap } from "./charsMap.ts";
import { isSafePattern } from "./safePattern.ts";

const id = z
  .number()
  .int()
  .nonnegative()
  .max(2 ** 31);
const Template = z.array(
  z.union([
    z.strictObject({ Sequence: z.object({ id: z.string() }) }),
    z.strictObject({ SpecialToken: z.object({ id: z.string() }) }),
  ]),
);
const TemplateProcessing = z.object({
  type: z.literal("TemplateProcessing"),
  single: Template,
  pair: Template,
  special_tokens: z.record(z.string(), z.object({ ids: z.array(id).min(1), tokens: z.array(z.string()) })),
});
const DEEPEST = 16;
/** Parts of a tokenizer.json that define how a text is split. The vocabulary, by far the largest part, does not. */
const PARTS = ["normalizer", "pre_tokenizer", "post_processor", "decoder"] as const;

type Fail = (what: Phrase) => never;

/**
 * Checks that all special tokens of a template are described: the native code ends the process where one is missing.
 */
function checkTemplate(value: object, fail: Fail): void {
  const parsed = TemplateProcessing.safeParse(value);
  if (!parsed.success) return fail(phrase`its post_processor's template is malformed`);
  const { single, pair, special_tokens: tokens } = parsed.data;
  for (const piece of [...single, ...pair])
    if ("SpecialToken" in piece && !Object.hasOwn(tokens, piece.SpecialToken.id))
      fail(phrase`its post_processor puts in "${piece.SpecialToken.id}", which it does not describe`);
  for (const { ids, tokens: texts } of Object.values(tokens))
    if (ids.length !== texts.length) fail(phrase`its post_processor's special tokens have not as many ids as texts`);
}

function walk(value: unknown, fail: Fail, depth = 0): void {
  if (typeof value !== "object" || value === null) return;
  if (depth > DEEPEST) fail(phrase`it is nested too deeply`);
  const { type, Regex: pattern, precompiled_charsmap: table } = value as Record<string, unknown>;
  if (type === "TemplateProcessing") checkTemplate(value, fail);
  if (typeof pattern === "string" && !isSafePattern(pattern))
    fail(phrase`the regular expression "${pattern.slice(0, 60)}" could take for ever to match`);
  if (type === "Precompiled" && (typeof table !== "string" || !isCharsMap(Buffer.from(table, "base64"))))
    fail(phrase`the table of its normaliser is damaged`);
  for (const each of Object.values(value)) walk(each, fail, depth + 1);
}

/** The bytes of a token behind the prefix of tokens that go on a word; undefined where it is shorter. */
function behindPrefix(token: string, prefix: string): string | undefined {
  if (prefix === "") return token;
  const bytes = Buffer.from(token);
  const length = Buffer.byteLength(prefix);
  return bytes.length < length ? undefined : bytes.toString("utf8", length);
}

/**
 * Checks that each merge of a BPE model makes a token of its vocabulary: the native code ends the process where one
 * does not.
 */
function checkMerges(model: unknown, fail: Fail): void {
  if (typeof model !== "object" || model === null) return;
  const { merges, vocab, continuing_subword_prefix: given } = model as Record<string, unknown>;
  if (!Array.isArray(merges) || typeof vocab !== "object" || vocab === null) return;
  const prefix = typeof given === "string" ? given : "";
  for (const merge of merges as unknown[]) {
    const pair: unknown = typeof merge === "string" ? merge.split(" ") : merge;
    const [left, right] = Array.isArray(pair) ? (pair as unknown[]) : [];
    if (typeof left !== "string" || typeof right !== "string") continue;
    const rest = behindPrefix(right, prefix);
    if (rest === undefined || !Object.hasOwn(vocab, left + rest))
      fail(phrase`its merge of "${left.slice(0, 60)}" and "${right.slice(0, 60)}" makes no token of its vocabulary`);
  }
}

/**
 * Checks a tokenizer before the native code reads it, which ends the whole process, or never returns, on some malformed
 * files.
 * @returns the parsed file
 * @throws UserError naming the file and the part that cannot be used
 */
export function checkTokenizer(path: string, text: string): object {
  const fail: Fail = (what) => {
    throw new UserError(
      "tokenizer-out-of-bounds",
      phrase`${path} is not a tokenizer that can be used: ${what}`,
      phrase`Take the model from a source you trust.`,
    );
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return fail(verbatim((error as Error).message));
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) return fail(phrase`it is no object`);
  for (const part of PARTS) walk((json as Record<string, unknown>)[part], fail);
  checkMerges((json as Record<string, unknown>)["model"], fail);
  return json;
}
