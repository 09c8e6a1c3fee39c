import { UserError } from "../../base/errors.ts";
import { listed, phrase } from "../../base/phrase.ts";
import type { GgufMetadata } from "./ggufMetadata.ts";
import { KEYS } from "./ggufVocabulary.ts";

/** How a byte-level tokenizer treats a text before its merges, in the words of tokenizer.json. */
export interface PreTokenizer {
  normalizer: object | null;
  cuts: readonly object[];
  /** Whether a word that is a token is taken whole, without merges that lead to it. */
  ignoresMerges: boolean;
  /** Whether the beginning token is put before a text where the file does not say. */
  begins: boolean;
}

const NFC = { type: "NFC" };
const bytes = (cuts: boolean): object => ({
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: cuts,
});
const split = (expression: string): object => ({
  type: "Split",
  pattern: { Regex: expression },
  behavior: "Isolated",
  invert: false,
});
const DIGITS = { type: "Digits", individual_digits: true };

const SHORT = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
/** The expression of GPT-4 and its like. @param numbers how many digits stay together */
const words = (numbers: string): string =>
  `${SHORT}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${numbers}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
const UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
const LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
/** The expression of GPT-4o and its like, which also cuts between cases. @param end what may end a word */
const cased = (end: string, numbers: string): string =>
  `[^\\r\\n\\p{L}\\p{N}]?${UPPER}*${LOWER}+${end}|[^\\r\\n\\p{L}\\p{N}]?${UPPER}+${LOWER}*${end}|${numbers}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
/** The expression of GPT-2 as llama.cpp applies it to what other expressions have left. */
const GPT2_WORDS = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)";

const form = (cuts: readonly object[], more: Partial<PreTokenizer> = {}): PreTokenizer => ({
  normalizer: null,
  cuts,
  ignoresMerges: false,
  begins: false,
  ...more,
});
const GPT2 = form([bytes(true)]);
const NEOX = form([bytes(true)], { normalizer: NFC });
const LLAMA3 = form([split(words("\\p{N}{1,3}")), bytes(false)], { ignoresMerges: true, begins: true });
const GPT4 = form([split(words("\\p{N}{1,3}")), bytes(false)]);
const QWEN2 = form([split(words("\\p{N}")), bytes(false)], { normalizer: NFC });
const STARCODER = form([DIGITS, bytes(true)]);
const TEKKEN = form([split(cased("", "\\p{N}")), bytes(false)], { ignoresMerges: true, begins: true });
const GPT4O = form([split(cased(`${SHORT}?`, "\\p{N}{1,3}")), bytes(false)]);
const DEEPSEEK_CODER = form([
  ...["[\r\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", "[一-龥ࠀ-一가-퟿]+"].map(split),
  DIGITS,
  bytes(false),
]);
/** What llama.cpp takes where a file names nothing better. */
const DEFAULT = form([
  ...["[\\p{P}\\$\\+<=>\\^~\\|]+", GPT2_WORDS, "\\p{N}+", "[0-9][0-9][0-9]"].map(split),
  bytes(false),
]);

/** By the names that llama.cpp gives them, as the tokenizer.json of their models have them. */
const FORMS: ReadonlyMap<string, PreTokenizer> = new Map([
  ["default", DEFAULT],
  ["gpt-2", GPT2],
  ["phi-2", GPT2],
  ["mpt", NEOX],
  ["olmo", NEOX],
  ["llama3", LLAMA3],
  ["llama-v3", LLAMA3],
  ["llama-bpe", LLAMA3],
  ["smaug-bpe", GPT4],
  ["dbrx", GPT4],
  ["qwen2", QWEN2],
  ["deepseek-r1-qwen", QWEN2],
  ["smollm", STARCODER],
  ["starcoder", STARCODER],
  ["refact", STARCODER],
  ["tekken", TEKKEN],
  ["gpt-4o", GPT4O],
  ["deepseek-coder", DEEPSEEK_CODER],
]);
/** Of architectures whose models all have one, for older files, which do not name it. */
const BY_ARCHITECTURE: ReadonlyMap<string, PreTokenizer> = new Map([
  ["gpt2", GPT2],
  ["gptneox", NEOX],
  ["qwen2", QWEN2],
  ["qwen3", QWEN2],
]);

/**
 * How a file's byte-level tokenizer treats a text before its merges.
 * @throws UserError where the file names one that is not known, or none
 */
export function preTokenizerOf(metadata: GgufMetadata): PreTokenizer {
  const key = `${KEYS}pre`;
  const name = metadata.text(key) ?? "";
  const own = BY_ARCHITECTURE.get(metadata.text("general.architecture") ?? "");
  if (own !== undefined && (name === "" || name === "default")) return own;
  const found = FORMS.get(name);
  if (found !== undefined) return found;
  const action = phrase`Use the Hugging Face folder of the same model as the backbone.`;
  if (name === "")
    throw new UserError(
      "gguf-pre-tokenizer-missing",
      phrase`${metadata.path} does not say how its tokenizer cuts a text into words: it has no "${key}"`,
      action,
    );
  throw new UserError(
    "gguf-pre-tokenizer-unknown",
    phrase`${metadata.path}: the pre-tokenizer "${name.slice(0, 60)}" of "${key}" is not known. Known are ${listed([...FORMS.keys()])}.`,
    action,
  );
}
