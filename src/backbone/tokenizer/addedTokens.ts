import { join } from "node:path";
import * as z from "zod";
import { readTokenizerJson } from "./tokenizerConfig.ts";

/** A token that is matched in a text before it is split, as tokenizer.json has it. */
export interface AddedToken {
  content: string;
  single_word: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
  special: boolean;
}

/** The most added tokens that files may list. */
const MOST = 100_000;
const flag = z.boolean().optional().catch(undefined);
const Fields = z.object({
  content: z.string(),
  single_word: flag,
  lstrip: flag,
  rstrip: flag,
  normalized: flag,
  special: flag,
});
type Fields = z.infer<typeof Fields>;
const Token = z.union([z.string().transform((content): Fields => ({ content })), Fields]);
const OptionalToken = Token.optional().catch(undefined);
const NAMES = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"] as const;
/** A special token by the use that it has. */
export type SpecialName = (typeof NAMES)[number];
const named = Object.fromEntries(NAMES.map((name) => [name, OptionalToken])) as Record<
  SpecialName,
  typeof OptionalToken
>;
const Extra = z.array(Token).max(MOST).optional().catch(undefined);
const Special = z.object({ ...named, additional_special_tokens: Extra, extra_special_tokens: Extra });
const Config = Special.extend({
  added_tokens_decoder: z
    .record(z.string().regex(/^\d{1,9}$/), Fields)
    .optional()
    .catch(undefined),
  add_prefix_space: flag,
  add_bos_token: flag,
  trim_offsets: flag,
  extra_ids: z.number().int().nonnegative().max(MOST).optional().catch(undefined),
});
const Added = z.record(z.string(), z.number().int().nonnegative());

/** What the files beside a vocabulary say of its tokenizer. */
export interface TokenizerOptions extends Pick<
  z.infer<typeof Config>,
  "add_prefix_space" | "add_bos_token" | "trim_offsets" | "extra_ids"
> {
  /** Special tokens by their use, where the files name them. */
  special: Partial<Record<SpecialName, AddedToken>>;
  /** The uses whose tokens the files give as texts alone, so that a class has its own flags for them. */
  plain: ReadonlySet<SpecialName>;
  /** Special tokens without a use of their own; undefined where the files list none. */
  extra: AddedToken[] | undefined;
  /** Tokens that the files list with their ids, in the order of the ids. */
  listed: AddedToken[];
}

/** A token with the flags that transformers gives it where a file leaves them out. */
export function addedToken(fields: Fields | string, special: boolean): AddedToken {
  const { content, ...flags } = typeof fields === "string" ? { content: fields } : fields;
  const isSpecial = flags.special ?? special;
  return {
    content,
    single_word: flags.single_word ?? false,
    lstrip: flags.lstrip ?? false,
    rstrip: flags.rstrip ?? false,
    normalized: flags.normalized ?? !isSpecial,
    special: isSpecial,
  };
}

/**
 * Reads tokenizer_config.json, and where it lists no added tokens, special_tokens_map.json and added_tokens.json, as
 * transformers does. None of them has to be there.
 * @throws UserError naming a file that is malformed
 */
export function readTokenizerOptions(folder: string): TokenizerOptions {
  const config = readTokenizerJson(join(folder, "tokenizer_config.json"), Config) ?? {};
  const decoder = config.added_tokens_decoder;
  const map = decoder === undefined ? readTokenizerJson(join(folder, "special_tokens_map.json"), Special) : undefined;
  const extra =
    map?.extra_special_tokens ??
    map?.additional_special_tokens ??
    config.extra_special_tokens ??
    config.additional_special_tokens;
  const fields = NAMES.flatMap((name): [SpecialName, Fields][] => {
    const token = map?.[name] ?? config[name];
    // An empty text is no token; the class's own stands for it.
    return token === undefined || token.content === "" ? [] : [[name, token]];
  });
  const texts = new Set([...fields.map(([, { content }]) => content), ...(extra ?? []).map(({ content }) => content)]);
  const numbered = (pairs: [number, AddedToken][]): AddedToken[] =>
    pairs.sort(([a], [b]) => a - b).map(([, token]) => token);
  const listed =
    decoder === undefined
      ? numbered(
          Object.entries(readTokenizerJson(join(folder, "added_tokens.json"), Added) ?? {}).map(([text, id]) => [
            id,
            addedToken(text, texts.has(text)),
          ]),
        )
      : numbered(Object.entries(decoder).map(([id, token]) => [Number(id), addedToken(token, false)]));
  const known = new Map(listed.map((token) => [token.content, token]));
  return {
    ...config,
    special: Object.fromEntries(
      fields.map(([name, token]) => [name, known.get(token.content) ?? addedToken(token, true)]),
    ),
    plain: new Set(
      fields.flatMap(([name, { content, ...flags }]) =>
        Object.keys(flags).length === 0 && !known.has(content) ? [name] : [],
      ),
    ),
    extra: extra?.map((token) => addedToken(token, true)),
    listed,
  };
}

/** An added token with its id, as tokenizer.json has it. */
export type NumberedToken = AddedToken & { id: number };

/**
 * Numbers added tokens as the library does: a token of the vocabulary keeps its id, others follow behind. Of tokens of
 * one text the first counts.
 */
export function numberedTokens(
  tokens: readonly AddedToken[],
  vocabulary: ReadonlyMap<string, number>,
  size: number,
): NumberedToken[] {
  const ids = new Map<string, NumberedToken>();
  let next = size;
  for (const token of tokens)
    if (!ids.has(token.content) && token.content !== "")
      ids.set(token.content, { id: vocabulary.get(token.content) ?? next++, ...token });
  return [...ids.values()].sort((a, b) => a.id - b.id);
}
