import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";
import { addedToken, type NumberedToken, type SpecialName } from "../tokenizer/addedTokens.ts";
import type { GgufMetadata } from "./ggufMetadata.ts";

/** Where the keys of a tokenizer begin. */
export const KEYS = "tokenizer.ggml.";
/** The most tokens, and the most UTF-16 units of all together; Gemma 3 has 262,144 tokens of 2 million. */
const MOST_TOKENS = 1_000_000;
const MOST_UNITS = 16 * 1024 * 1024;
/** Ids that files give for no token: -1, also as an unsigned number. */
const NONE = new Set([-1, 0xffffffff]);

/** The kinds of a token (enum llama_token_type). */
export const TOKEN = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** The key of each special token's id. The spelling of "seperator" is the format's. */
const ID_KEYS: Readonly<Record<SpecialName, string>> = {
  bos_token: "bos_token_id",
  eos_token: "eos_token_id",
  unk_token: "unknown_token_id",
  sep_token: "seperator_token_id",
  pad_token: "padding_token_id",
  cls_token: "cls_token_id",
  mask_token: "mask_token_id",
};

/**
 * Texts of tokens that end an answer, whatever their kind, as llama.cpp has them. They do so where a file names another
 * end, and names them for another use: files of Qwen name <|endoftext|> as beginning and padding alone, while Qwen's
 * own generation_config.json has it as an end. Of SmolLM2's folder it is none.
 */
const END_TEXTS: readonly string[] = [
  "<|eot_id|>",
  "<|im_end|>",
  "<|end|>",
  "<end_of_turn>",
  "<|endoftext|>",
  "<|end_of_text|>",
  "<|eom_id|>",
  "<EOT>",
  "_<EOT>",
  "[EOT]",
  "<end_of_utterance>",
  "<｜end▁of▁sentence｜>",
];

/** The tokens of a GGUF file. */
export interface GgufVocabulary {
  /** The file, and the architecture that it names, such as "llama". */
  path: string;
  architecture: string | undefined;
  /** By id. Those that only fill the vocabulary up have no place in `ids`. */
  tokens: readonly string[];
  ids: ReadonlyMap<string, number>;
  /** The kind of each token, see TOKEN; undefined where the file does not tell. */
  types: ArrayLike<number> | undefined;
  /** The ids of special tokens. */
  special: Readonly<Partial<Record<SpecialName, number>>>;
  /** The ids of tokens that end an answer, the usual one first. */
  ends: readonly number[];
}

const ACTION = phrase`Use the Hugging Face folder of the same model as the backbone, or another GGUF file of the model.`;

/** A key of the tokenizer whose value cannot be used. */
export const badValue = ({ path }: { path: string }, key: string, what: Phrase): UserError =>
  new UserError("gguf-tokenizer-malformed", phrase`${path}: "${key}": ${what}`, ACTION);

/** A key that the tokenizer needs. @throws UserError where it is missing */
export function needed<T>({ path }: { path: string }, key: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new UserError("gguf-tokenizer-key-missing", phrase`${path} has no "${key}", which its tokenizer needs`, ACTION);
}

/** A token that only fills the vocabulary up to the size of the embedding. */
const isFiller = (text: string, id: number): boolean => text === "" || text === `[PAD${id}]`;

function readTokens(metadata: GgufMetadata): { tokens: readonly string[]; ids: Map<string, number> } {
  const key = `${KEYS}tokens`;
  const tokens = needed(metadata, key, metadata.texts(key));
  const fail = (what: Phrase): UserError => badValue(metadata, key, what);
  if (tokens.length === 0) throw fail(phrase`it has no tokens`);
  if (tokens.length > MOST_TOKENS) throw fail(phrase`it has more than ${MOST_TOKENS} tokens`);
  const ids = new Map<string, number>();
  let units = 0;
  for (const [id, text] of tokens.entries()) {
    units += text.length;
    if (units > MOST_UNITS) throw fail(phrase`its tokens have more than ${MOST_UNITS} characters together`);
    if (isFiller(text, id)) continue;
    const other = ids.get(text);
    if (other !== undefined) throw fail(phrase`the tokens ${other} and ${id} are both "${text.slice(0, 60)}"`);
    ids.set(text, id);
  }
  return { tokens, ids };
}

function readTypes(metadata: GgufMetadata, count: number): ArrayLike<number> | undefined {
  const key = `${KEYS}token_type`;
  const types = metadata.numbers(key);
  if (types === undefined || types.length >= count) return types;
  throw badValue(metadata, key, phrase`it has ${types.length} types for ${count} tokens`);
}

/**
 * A token's id that a key names.
 * @param usual that of files without the key
 * @throws UserError where there is no such token
 */
function idAt(metadata: GgufMetadata, name: string, count: number, usual?: number): number | undefined {
  const key = `${KEYS}${name}`;
  const id = metadata.number(key);
  if (id === undefined) return usual !== undefined && usual < count ? usual : undefined;
  if (NONE.has(id)) return undefined;
  if (Number.isInteger(id) && id >= 0 && id < count) return id;
  throw badValue(metadata, key, phrase`there is no token ${id}: the vocabulary has ${count}`);
}

/**
 * Reads the tokens of a GGUF file, their kinds and uses.
 * @param usual the ids of special tokens where the file names none
 * @throws UserError naming the file and the key that is missing or cannot be used
 */
export function readVocabulary(
  metadata: GgufMetadata,
  usual: Partial<Record<SpecialName, number>> = {},
): GgufVocabulary {
  const { tokens, ids } = readTokens(metadata);
  const count = tokens.length;
  const special = Object.fromEntries(
    Object.entries(ID_KEYS).flatMap(([use, name]): [string, number][] => {
      const id = idAt(metadata, name, count, usual[use as SpecialName]);
      return id === undefined || tokens[id] === "" ? [] : [[use, id]];
    }),
  ) as Partial<Record<SpecialName, number>>;
  // A filler that has a use is a token like others.
  for (const id of Object.values(special)) ids.set(tokens[id]!, id);
  const ends = [
    special.eos_token,
    idAt(metadata, "eot_token_id", count),
    idAt(metadata, "eom_token_id", count),
    ...END_TEXTS.map((text) => ids.get(text)),
  ];
  return {
    path: metadata.path,
    architecture: metadata.text("general.architecture"),
    tokens,
    ids,
    types: readTypes(metadata, count),
    special,
    ends: [...new Set(ends.filter((id) => id !== undefined))],
  };
}

/** The tokens that are matched in a text before it is split, in the order of their ids. */
export function addedTokens({ tokens, ids, types, special, ends }: GgufVocabulary): NumberedToken[] {
  // Files that say what kind each token is may name an ordinary one as padding; others do not tell them apart.
  const uses = types === undefined ? Object.values(special) : [special.bos_token, special.eos_token];
  const named = new Set([...uses, ...ends]);
  return tokens.flatMap((text, id) => {
    if (ids.get(text) !== id) return [];
    const type = types?.[id];
    const isSpecial = named.has(id) || type === TOKEN.control || type === TOKEN.unknown;
    if (!isSpecial && type !== TOKEN.userDefined) return [];
    return [{ id, ...addedToken(text, isSpecial), normalized: false }];
  });
}
