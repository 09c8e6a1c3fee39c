import * as z from "zod";

/**
 * How a tokenizer cuts a text before its model sees it, where it cuts at every single space. "words": each word alone
 * is spelled with a mark before it, and spaces are not seen. "spaced": a space belongs to the word behind it.
 */
export interface WordForm {
  kind: "words" | "spaced";
  /** Texts that are tokens of their own wherever they stand. */
  added: readonly string[];
}

const Part = z.looseObject({ type: z.string() });
type Part = z.output<typeof Part>;
const Sequence = Part.extend({ normalizers: z.array(Part).optional(), pretokenizers: z.array(Part).optional() });
const Shape = z.looseObject({
  normalizer: Sequence.nullish(),
  pre_tokenizer: Sequence.nullish(),
  model: z.looseObject({ type: z.string(), dropout: z.number().nullish() }),
  added_tokens: z.array(z.looseObject({ content: z.string() })).default([]),
});

/** Expressions that cut before a space that stands alone between two other characters: those of Llama 3 and Qwen 2. */
const SPLITS: readonly string[] = ["\\p{N}{1,3}", "\\p{N}"].map(
  (numbers) =>
    `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${numbers}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`,
);

const regexOf = ({ pattern }: Part): unknown => (pattern as { Regex?: unknown } | undefined)?.Regex;
const isMetaspace = (part: Part): boolean =>
  part.type === "Metaspace" && part["prepend_scheme"] === "always" && part["split"] !== false;
/** Whether a normaliser changes each word as it would alone. */
const isWordwise = (part: Part): boolean =>
  ["NFC", "NFKC", "Precompiled", "Strip"].includes(part.type) ||
  (part.type === "Replace" && part["content"] === " " && ["\\s+", " {2,}"].includes(String(regexOf(part))));

function kindOf(steps: readonly Part[], cuts: readonly Part[]): WordForm["kind"] | undefined {
  const [first, second] = cuts;
  const squeezes =
    steps.some((step) => step.type === "Strip" && step["strip_left"] === true && step["strip_right"] === true) &&
    steps.some((step) => regexOf(step) === "\\s+");
  const isSplit = first?.type === "WhitespaceSplit" && second !== undefined && isMetaspace(second);
  if (isSplit ? cuts.length === 2 : cuts.length === 1 && squeezes && isMetaspace(first!))
    return steps.every(isWordwise) ? "words" : undefined;
  if (!steps.every(({ type }) => type === "NFC")) return undefined;
  const bytes = cuts.at(-1);
  if (bytes?.type !== "ByteLevel") return undefined;
  const before = cuts.slice(0, -1);
  const isCut =
    bytes["use_regex"] === false
      ? before.some((part) => part.type === "Split" && part["behavior"] === "Isolated" && part["invert"] === false)
      : true;
  const isKnown = before.every(
    (part) => part.type === "Digits" || (part.type === "Split" && SPLITS.includes(String(regexOf(part)))),
  );
  return isCut && isKnown ? "spaced" : undefined;
}

/**
 * How a tokenizer cuts texts at spaces.
 * @param json a parsed tokenizer.json
 * @returns undefined where it may not cut at every single space, or draws tokens at random
 */
export function wordFormOf(json: object): WordForm | undefined {
  const { success, data } = Shape.safeParse(json);
  if (!success || !["Unigram", "BPE"].includes(data.model.type) || (data.model.dropout ?? 0) > 0) return undefined;
  const { normalizer, pre_tokenizer: cut } = data;
  const kind = kindOf(
    normalizer?.normalizers ?? (normalizer ? [normalizer] : []),
    cut?.pretokenizers ?? (cut ? [cut] : []),
  );
  const added = data.added_tokens.map(({ content }) => content);
  // Such a token would reach over the place where a text is cut.
  const reaches = added.some((text) => (kind === "words" ? /\s/.test(text) : /\S\s|\s$/.test(text)));
  return kind === undefined || reaches ? undefined : { kind, added };
}
