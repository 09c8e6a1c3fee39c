import { existsSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { boundedText } from "../base/files/boundedFile.ts";
import { outOfBounds } from "../base/jsonBounds.ts";
import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import { loadTokenizer, type TextTokenizer } from "./tokenizer/tokenizer.ts";
import { tokenizerState } from "./tokenizer/tokenizerFiles.ts";
import { readTokenizerConfig } from "./tokenizer/tokenizerConfig.ts";

/** The largest file that is read, in bytes; real ones have a few kilobytes. */
const MOST_BYTES = 1024 * 1024;
/** The most end tokens that a file may name. */
const MOST_ENDS = 100;

const id = z
  .number()
  .int()
  .nonnegative()
  .max(2 ** 31 - 1);
const Ends = z
  .union([id.transform((one) => [one]), z.array(id).max(MOST_ENDS)])
  .nullish()
  .transform((ids) => ids ?? []);
const Config = z.object({ eos_token_id: Ends });

/** The end tokens that a JSON file of a model folder names. @throws UserError naming the file */
function endsOf(path: string): number[] {
  if (!existsSync(path)) return [];
  const action = phrase`Its "eos_token_id" is a token id, or a list of token ids.`;
  const text = boundedText(path, MOST_BYTES);
  if (outOfBounds(text) === undefined)
    try {
      return Config.parse(JSON.parse(text)).eos_token_id;
    } catch (error) {
      const what = error instanceof z.ZodError ? (error.issues[0]?.message ?? "") : (error as Error).message;
      throw new UserError("generation-config-malformed", phrase`${path}: ${what}`, action);
    }
  throw new UserError("generation-config-malformed", phrase`${path}: ${phrase`it nests too deeply`}`, action);
}

/** Ids of tokens by the tokenizer's files, their state and the token: a large one takes a second to load. */
const ids = new Map<string, number | undefined>();

/** The id of a token in the folder's tokenizer, which is loaded once for each state of its files. */
function idIn(folder: string, token: string): number | undefined {
  const key = [folder, tokenizerState(folder), token].join("\n");
  if (!ids.has(key)) ids.set(key, loadTokenizer(folder).idOf(token));
  return ids.get(key);
}

/**
 * The id of the token that ends a trained answer: the tokenizer's eos_token, else the first end token of the model's
 * own configs. Undefined where none is named.
 * @param tokenizer the folder's, where it is open already
 */
export function answerEnd(folder: string, tokenizer?: TextTokenizer): number | undefined {
  const { specialTokens, addedIds } = readTokenizerConfig(folder);
  const token = specialTokens["eos_token"];
  if (token === undefined) return configEnds(folder)[0];
  const named = addedIds.get(token) ?? (tokenizer === undefined ? idIn(folder, token) : tokenizer.idOf(token));
  return named ?? configEnds(folder)[0];
}

const configEnds = (folder: string): number[] =>
  ["generation_config.json", "config.json"].flatMap((name) => endsOf(join(folder, name)));

/**
 * The tokens at which generation ends: every eos_token_id of generation_config.json and config.json, and the
 * tokenizer's eos_token; each once, in ascending order.
 * @throws UserError naming a file that is malformed
 */
export function endTokens(folder: string): number[] {
  const own = answerEnd(folder);
  return [...new Set([...configEnds(folder), ...(own === undefined ? [] : [own])])].sort((a, b) => a - b);
}
