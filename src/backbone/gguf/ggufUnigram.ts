import { phrase } from "../../base/phrase.ts";
import { addedToken } from "../tokenizer/addedTokens.ts";
import { isCharsMap } from "../tokenizer/charsMap.ts";
import type { GgufMetadata } from "./ggufMetadata.ts";
import { readScores } from "./ggufSentencePiece.ts";
import { addedTokens, badValue, KEYS, needed, readVocabulary, type GgufVocabulary } from "./ggufVocabulary.ts";
import type { MadeTokenizer } from "./madeTokenizer.ts";

/** Sentinels that a T5 has behind its pieces; llama.cpp's files have fillers in their place. */
const SENTINELS = 100;

/** The ids of fillers that are sentinels, from the last sentinel to <extra_id_0>. */
function sentinelIds({ tokens, ids }: GgufVocabulary): number[] {
  if (tokens.some((text) => text.includes("<extra_id_"))) return [];
  const fillers = [...tokens.keys()].filter((id) => ids.get(tokens[id]!) !== id);
  return fillers.length < SENTINELS ? [] : fillers.slice(0, SENTINELS);
}

/** A vocabulary whose sentinels have their names. */
function withSentinels(vocabulary: GgufVocabulary): { named: GgufVocabulary; sentinels: ReadonlySet<number> } {
  const sentinels = sentinelIds(vocabulary);
  const ids = new Map(vocabulary.ids);
  const tokens = [...vocabulary.tokens];
  for (const [i, id] of sentinels.entries()) {
    tokens[id] = `<extra_id_${SENTINELS - 1 - i}>`;
    ids.set(tokens[id], id);
  }
  return { named: { ...vocabulary, tokens, ids }, sentinels: new Set(sentinels) };
}

/** The normaliser's table; undefined where the file has none. */
function normalizerOf(metadata: GgufMetadata): object | null {
  const key = `${KEYS}precompiled_charsmap`;
  const numbers = metadata.numbers(key);
  if (numbers === undefined || numbers.length === 0) return null;
  const bytes = Uint8Array.from(numbers);
  if (!isCharsMap(bytes)) throw badValue(metadata, key, phrase`the table of its normaliser is damaged`);
  return { type: "Precompiled", precompiled_charsmap: Buffer.from(bytes).toString("base64") };
}

/** Pieces with their scores by id, up to the last that is no filler. */
function piecesOf(
  { tokens, ids }: GgufVocabulary,
  scores: ArrayLike<number>,
  sentinels: ReadonlySet<number>,
): [string, number][] {
  const last = tokens.findLastIndex((text, id) => ids.get(text) === id);
  return tokens
    .slice(0, last + 1)
    .map((text, id) => [ids.get(text) === id ? text : `[PAD${id}]`, sentinels.has(id) ? 0 : scores[id]!]);
}

/**
 * The tokenizer of "t5": pieces with log probabilities, of which the best division of a text is taken.
 * @throws UserError naming the file and the key that is missing or cannot be used
 */
export function unigram(metadata: GgufMetadata): MadeTokenizer {
  const vocabulary = readVocabulary(metadata, { eos_token: 1, unk_token: 2, pad_token: 0 });
  const { named, sentinels } = withSentinels(vocabulary);
  const scores = readScores(metadata, named.tokens.length);
  const unknown = needed(metadata, `${KEYS}unknown_token_id`, named.special.unk_token);
  const prefixes = metadata.flag(`${KEYS}add_space_prefix`) ?? true;
  const marks = {
    type: "Metaspace",
    replacement: "▁",
    prepend_scheme: prefixes ? "always" : "never",
    split: true,
  };
  const squeezes = metadata.flag(`${KEYS}remove_extra_whitespaces`) ?? true;
  const added = [
    ...addedTokens(named),
    ...[...sentinels].map((id) => ({ id, ...addedToken(named.tokens[id]!, true) })),
  ].sort((a, b) => a.id - b.id);
  return {
    vocabulary: named,
    added,
    usual: { begins: false, ends: true },
    parts: {
      normalizer: normalizerOf(metadata),
      pre_tokenizer: squeezes ? { type: "Sequence", pretokenizers: [{ type: "WhitespaceSplit" }, marks] } : marks,
      decoder: marks,
      model: { type: "Unigram", unk_id: unknown, vocab: piecesOf(named, scores, sentinels), byte_fallback: false },
    },
  };
}
