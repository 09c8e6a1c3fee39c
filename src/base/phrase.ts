/** What fills a place of a phrase: a name, a path, a number, what somebody else's program said, or another phrase. */
export type PhraseValue = string | number | Phrase;

/**
 * A text with places for values, made by a `phrase`-tagged template. It is sent and stored as plain JSON; `english`
 * fills it in, and the window shows it in the user's language. Programs compare codes and values, never the words.
 */
export interface Phrase {
  /** The words, with {0}, {1}, ... where the values belong. Translators know a phrase by this. */
  readonly template: string;
  readonly values: readonly PhraseValue[];
}

/**
 * The longest filled phrase, and the longest value in it, in characters; longer ones are cut, since a value may quote
 * any text.
 */
const LONGEST = 10_000;
/**
 * Bounds of a phrase from a file or another process: characters of its template, depth of phrases in phrases, and
 * number of phrases in all.
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

/** A phrase of text that is not translated, such as another program's message. */
export const verbatim = (text: string): Phrase => phrase`${text}`;

/** Joins values by a separator; each is translated by itself. */
export const listed = (values: readonly PhraseValue[], separator = ", "): Phrase => ({
  template: values.map((_, i) => `{${i}}`).join(separator),
  values: values.map(cutValue),
});

/** Fills in a template; a place without a value is left unchanged. */
export function fillIn(template: string, values: readonly (string | number)[]): string {
  return cut(template.replace(/\{(\d+)\}/g, (place, i: string) => String(values[Number(i)] ?? place)));
}

/** The text in English, for logs, terminals and files. A string is returned unchanged. */
export function english(text: Phrase | string): string {
  if (typeof text === "string") return text;
  return fillIn(
    text.template,
    text.values.map((value) => (typeof value === "object" ? english(value) : value)),
  );
}

/** A phrase as a journal stores it: in English for every reader, and as a phrase for programs that translate it. */
export const said = (own: Phrase): { message: string; phrase: Phrase } => ({ message: english(own), phrase: own });

/**
 * Reads a phrase that was parsed from JSON, of a journal or another process.
 * @returns undefined where the value is not a phrase, or exceeds the bounds above
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
