/** What fills a place of a phrase: a name, a path, a number, what somebody else's program said, or another phrase. */
export type PhraseValue = string | number | Phrase;

/**
 * A text with places for values: `phrase`-tagged templates make them. It travels and is stored as it is (plain JSON);
 * `english` fills it in, the window says it in its own language. Programs look at codes and values, never at the words.
 */
export interface Phrase {
  /** The words, with {0}, {1}, ... where the values belong. Translators know a phrase by this. */
  readonly template: string;
  readonly values: readonly PhraseValue[];
}

/**
 * Characters of a filled phrase, and of a value in it, that are kept: what it quotes may be anybody's, of any length.
 */
const LONGEST = 10_000;
/**
 * Bounds of a phrase from a file or another process: characters of a template, levels of phrases in phrases, and
 * phrases in all.
 */
const LONGEST_TEMPLATE = 20_000;
const DEEPEST = 10;
const MOST_PHRASES = 2000;

const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
const cutValue = (value: PhraseValue): PhraseValue => (typeof value === "string" ? cut(value) : value);

/** Makes a phrase: phrase`${folder} has no tokenizer.json` has the template "{0} has no tokenizer.json". */
export function phrase(words: TemplateStringsArray, ...values: readonly PhraseValue[]): Phrase {
  return {
    template: words.map((each, i) => (i === 0 ? each : `{${i - 1}}${each}`)).join(""),
    values: values.map(cutValue),
  };
}

/** A phrase of words that no translator knows, such as those of another program. */
export const verbatim = (text: string): Phrase => phrase`${text}`;

/** Values in a row, each translated by itself. */
export const listed = (values: readonly PhraseValue[], separator = ", "): Phrase => ({
  template: values.map((_, i) => `{${i}}`).join(separator),
  values: values.map(cutValue),
});

/** Fills in a template; a place without a value stays as it is. */
export function fillIn(template: string, values: readonly (string | number)[]): string {
  return cut(template.replace(/\{(\d+)\}/g, (place, i: string) => String(values[Number(i)] ?? place)));
}

/** The text in English, for logs, terminals and files. One that is a string already stays as it is. */
export function english(text: Phrase | string): string {
  if (typeof text === "string") return text;
  return fillIn(
    text.template,
    text.values.map((value) => (typeof value === "object" ? english(value) : value)),
  );
}

/**
 * A phrase as a journal keeps it: in English for every reader, and as it is for those who show it in another language.
 */
export const said = (own: Phrase): { message: string; phrase: Phrase } => ({ message: english(own), phrase: own });

/**
 * A phrase as JSON gives it back, from a journal or another process.
 * @returns undefined where it is none, or out of bounds
 */
export function readPhrase(json: unknown): Phrase | undefined {
  let left = MOST_PHRASES;
  const read = (value: unknown, depth: number): Phrase | undefined => {
    if (typeof value !== "object" || value === null || depth > DEEPEST || (left -= 1) < 0) return undefined;
    const { template, values } = value as Record<string, unknown>;
    if (typeof template !== "string" || template.length > LONGEST_TEMPLATE || !Array.isArray(values)) return undefined;
    if (values.length > MOST_PHRASES) return undefined;
    const known: PhraseValue[] = [];
    for (const each of values as unknown[]) {
      const own = typeof each === "string" || typeof each === "number" ? each : read(each, depth + 1);
      if (own === undefined) return undefined;
      known.push(cutValue(own));
    }
    return { template, values: known };
  };
  return read(json, 1);
}
