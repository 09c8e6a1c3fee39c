import { addedToken, numberedTokens, readTokenizerOptions, type TokenizerOptions } from "./addedTokens.ts";
import { PIECE_TYPE, readSentencePiece } from "./sentencePiece.ts";

/** Sentinels that a T5 has where its files do not say how many. */
const SENTINELS = 100;
const isSentinel = (text: string): boolean => text.includes("<extra_id_");
const METASPACE = { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true } as const;

/** The number of sentinels that follow the pieces. */
function sentinelsOf({ extra_ids: count, extra }: TokenizerOptions): number {
  if (count !== undefined) return count;
  const listed = (extra ?? []).filter(({ content }) => isSentinel(content)).length;
  return listed > 0 ? listed : SENTINELS;
}

/** A template that puts a token behind the text. */
export const endingWith = (end: string, id: number): object => ({
  type: "TemplateProcessing",
  single: [{ Sequence: { id: "A", type_id: 0 } }, { SpecialToken: { id: end, type_id: 0 } }],
  pair: [
    { Sequence: { id: "A", type_id: 0 } },
    { SpecialToken: { id: end, type_id: 0 } },
    { Sequence: { id: "B", type_id: 0 } },
    { SpecialToken: { id: end, type_id: 0 } },
  ],
  special_tokens: { [end]: { id: end, ids: [id], tokens: [end] } },
});

/**
 * The content of the tokenizer.json that equals transformers' T5Tokenizer on a spiece.model: its pieces, behind them
 * the sentinels from the last to <extra_id_0>, its normaliser's table, </s> at the end.
 * @throws UserError naming a file that is malformed
 */
export function t5Tokenizer(folder: string, path: string): object {
  const { pieces, unknown, charsMap } = readSentencePiece(path);
  const options = readTokenizerOptions(folder);
  const count = sentinelsOf(options);
  const sentinels = Array.from({ length: count }, (_, i) => `<extra_id_${count - 1 - i}>`);
  const vocabulary = [
    ...pieces.map(({ text, score }): [string, number] => [text, score]),
    ...sentinels.map((text): [string, number] => [text, 0]),
  ];
  const ids = new Map(vocabulary.map(([text], id) => [text, id]));
  const { special } = options;
  const end = special.eos_token?.content ?? "</s>";
  const added = [
    ...options.listed,
    ...(["eos_token", "unk_token", "pad_token"] as const).map(
      (name, i) => special[name] ?? addedToken(["</s>", "<unk>", "<pad>"][i]!, true),
    ),
    ...Object.values(special),
    ...(options.extra ?? []),
    ...pieces
      .filter(({ type }) => type === PIECE_TYPE.control || type === PIECE_TYPE.userDefined)
      .map(({ text, type }) => ({ ...addedToken(text, type === PIECE_TYPE.control), normalized: false })),
    ...sentinels.map((text) => addedToken(text, true)),
  ];
  const numbered = numberedTokens(added, ids, vocabulary.length);
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: numbered,
    normalizer:
      charsMap.length === 0
        ? null
        : { type: "Precompiled", precompiled_charsmap: Buffer.from(charsMap).toString("base64") },
    pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "WhitespaceSplit" }, METASPACE] },
    post_processor: endingWith(end, numbered.find(({ content }) => content === end)!.id),
    decoder: METASPACE,
    model: { type: "Unigram", unk_id: unknown, vocab: vocabulary, byte_fallback: false },
  };
}
