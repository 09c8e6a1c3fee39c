import { phrase } from "../../base/phrase.ts";
import type { NumberedToken } from "../tokenizer/addedTokens.ts";
import { impliedMerges, listedMerges } from "./ggufMerges.ts";
import type { GgufMetadata } from "./ggufMetadata.ts";
import { addedTokens, badValue, KEYS, needed, readVocabulary, TOKEN, type GgufVocabulary } from "./ggufVocabulary.ts";
import type { MadeTokenizer } from "./madeTokenizer.ts";

/** What stands for a space. */
const SPACE = "▁";
/** Special tokens of Phi-3 that leave the space behind them in the text; the others swallow it. */
const PHI3_PLAIN = new Set(["<unk>", "<s>", "<|endoftext|>"]);

/**
 * The score of each token.
 * @throws UserError where the file has none, or not for all, or one that is no number
 */
export function readScores(metadata: GgufMetadata, count: number): ArrayLike<number> {
  const key = `${KEYS}scores`;
  const scores = needed(metadata, key, metadata.numbers(key));
  if (scores.length < count) throw badValue(metadata, key, phrase`it has ${scores.length} scores for ${count} tokens`);
  for (let id = 0; id < count; id++)
    if (!Number.isFinite(scores[id])) throw badValue(metadata, key, phrase`the score of token ${id} is no number`);
  return scores;
}

/**
 * A vocabulary with runs of spaces spelled as the merges spell them. A Gemma's file lists them as tokens of their own;
 * in its tokenizer.json they are made by the first merges.
 * @returns the ids of those tokens too
 */
function withRuns(vocabulary: GgufVocabulary): { spelled: GgufVocabulary; runs: ReadonlySet<number> } {
  const runs = new Set<number>();
  if (vocabulary.architecture?.startsWith("gemma") !== true) return { spelled: vocabulary, runs };
  const ids = new Map(vocabulary.ids);
  const tokens = vocabulary.tokens.map((text, id) => {
    if (vocabulary.types?.[id] !== TOKEN.userDefined || !/^[ ▁]{2,}$/.test(text)) return text;
    const run = SPACE.repeat(text.length);
    if ((ids.get(run) ?? id) !== id) return text;
    ids.delete(text);
    ids.set(run, id);
    runs.add(id);
    return run;
  });
  return { spelled: { ...vocabulary, tokens, ids }, runs };
}

/** The ids of tokens that are made by merges, the best first: higher scores, then lower ids. */
function mergedIds(
  { tokens, ids, types }: GgufVocabulary,
  scores: ArrayLike<number>,
  runs: ReadonlySet<number>,
): number[] {
  const isMade = (id: number): boolean => {
    const type = types?.[id] ?? TOKEN.normal;
    return ids.get(tokens[id]!) === id && (type === TOKEN.normal || type === TOKEN.unused);
  };
  const made = [...tokens.keys()].filter(isMade).sort((a, b) => scores[b]! - scores[a]! || a - b);
  return [...runs, ...made];
}

const isByteVocabulary = ({ ids }: GgufVocabulary): boolean =>
  Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`).every((text) =>
    ids.has(text),
  );

/** The space behind a mark of Phi-3 belongs to the mark, which no key of the file says. */
function withSwallowed({ architecture }: GgufVocabulary, added: NumberedToken[]): NumberedToken[] {
  if (architecture !== "phi3") return added;
  return added.map((token) => ({ ...token, rstrip: !PHI3_PLAIN.has(token.content) }));
}

/**
 * The tokenizer of "llama": SentencePiece's merges of characters, whose order is that of the scores; what has no token
 * is spelled by bytes.
 * @throws UserError naming the file and the key that is missing or cannot be used
 */
export function sentencePiece(metadata: GgufMetadata): MadeTokenizer {
  const vocabulary = readVocabulary(metadata, { bos_token: 1, eos_token: 2, unk_token: 0 });
  const { spelled, runs } = withRuns(vocabulary);
  const { ids, tokens, special } = spelled;
  const prefixes = metadata.flag(`${KEYS}add_space_prefix`) ?? true;
  const merges =
    listedMerges(metadata, spelled) ??
    impliedMerges(spelled, mergedIds(spelled, readScores(metadata, tokens.length), runs), ids);
  const replaced = { type: "Replace", pattern: { String: " " }, content: SPACE };
  const restored = { type: "Replace", pattern: { String: SPACE }, content: " " };
  return {
    vocabulary: spelled,
    added: withSwallowed(spelled, addedTokens(spelled)),
    usual: { begins: true, ends: false },
    parts: {
      normalizer: prefixes
        ? { type: "Sequence", normalizers: [{ type: "Prepend", prepend: SPACE }, replaced] }
        : replaced,
      pre_tokenizer: null,
      decoder: {
        type: "Sequence",
        decoders: [
          restored,
          { type: "ByteFallback" },
          { type: "Fuse" },
          ...(prefixes ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : []),
        ],
      },
      model: {
        type: "BPE",
        dropout: null,
        unk_token: special.unk_token === undefined ? null : tokens[special.unk_token]!,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: true,
        byte_fallback: isByteVocabulary(spelled),
        ignore_merges: false,
        vocab: Object.fromEntries(ids),
        merges,
      },
    },
  };
}
