import type { WordForm } from "./wordForm.ts";

/** The most words of a generation; two are kept, some 30 MB. */
const MOST_WORDS = 100_000;
/** A longer word is no word that comes again. */
const LONGEST = 64;
const SPACE = 0x20;

/** A character at the end of a word beside which a text may be cut: no space of any kind, no mark that joins others. */
const FIRM = /^[\x21-\x7e\p{Lu}\p{Ll}\p{Nd}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]$/u;
/** What a word may not hold where spaces are not seen: another space, or a character that is not shown. */
const UNSEEN = /[\s\p{C}\p{Z}]/u;

/** The tokens of a word. */
type Tokens = readonly number[];
/** What is no word: the text that it stands in is left to the tokenizer. */
const NO_WORD: Tokens = [];

/**
 * The tokens of words. A text is mostly words that were there before: looking them up is some thirty times as fast as
 * the tokenizer's own program, and gives the same tokens where it cuts at spaces anyway (`WordForm`).
 */
export class WordCache {
  private known = new Map<string, Tokens>();
  /** The words that were known when there were too many; one that comes again is known anew. */
  private old = new Map<string, Tokens>();
  /** Words that are to be encoded in the next turn of the loop, and what comes of it. */
  private asked: Set<string> | undefined;
  private answer: Promise<ReadonlyMap<string, Tokens>> | undefined;

  /** @param encode the tokens of each text, without those that stand around every text; undefined: it has no tokens */
  constructor(
    private readonly form: WordForm,
    private readonly encode: (texts: string[]) => Promise<readonly (readonly number[] | undefined)[]>,
  ) {}

  /**
   * Adds the tokens of a text to a list.
   * @returns false where the text cannot be cut into words; some tokens may have been added then
   */
  async addTokens(text: string, to: number[]): Promise<boolean> {
    const words = this.form.kind === "words" ? cutWords(text) : cutSpaced(text);
    const missing: string[] = [];
    for (let at = 0; at < words.length; at++) if (this.find(words[at]!) === undefined) missing.push(words[at]!);
    const own = missing.length === 0 ? undefined : await this.learn(missing);
    // Loops: a word has few tokens, and spreading costs more.
    for (let at = 0; at < words.length; at++) {
      const found = this.find(words[at]!) ?? own?.get(words[at]!);
      if (found === undefined || found === NO_WORD) return false;
      for (let each = 0; each < found.length; each++) to.push(found[each]!);
    }
    return true;
  }

  private find(word: string): Tokens | undefined {
    const found = this.known.get(word);
    if (found !== undefined) return found;
    const older = this.old.get(word);
    if (older !== undefined) this.keep(word, older);
    return older;
  }

  private keep(word: string, tokens: Tokens): void {
    if (word.length > LONGEST) return;
    if (this.known.size >= MOST_WORDS) {
      this.old = this.known;
      this.known = new Map();
    }
    this.known.set(word, tokens);
  }

  /** The tokens of words. What is asked for in one turn of the loop is encoded together. */
  private learn(words: readonly string[]): Promise<ReadonlyMap<string, Tokens>> {
    this.asked ??= new Set();
    for (const word of words) this.asked.add(word);
    this.answer ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        const asked = [...this.asked!];
        this.asked = undefined;
        this.answer = undefined;
        this.encoded(asked).then(resolve, reject);
      });
    });
    return this.answer;
  }

  private async encoded(words: readonly string[]): Promise<Map<string, Tokens>> {
    const own = new Map<string, Tokens>(words.map((word) => [word, NO_WORD]));
    const real = words.filter((word) => this.isWord(word));
    const found = real.length === 0 ? [] : await this.encode(real);
    for (const [at, word] of real.entries()) own.set(word, found[at] ?? NO_WORD);
    for (const [word, tokens] of own) this.keep(word, tokens);
    return own;
  }

  /** Whether a word has the same tokens alone as in its text. */
  private isWord(word: string): boolean {
    const { kind, added } = this.form;
    const first = word.codePointAt(word.startsWith(" ") ? 1 : 0);
    const last = word.isWellFormed() ? [...word.slice(-2)].at(-1) : undefined;
    if (first === undefined || last === undefined) return false;
    if (!FIRM.test(String.fromCodePoint(first)) || !FIRM.test(last)) return false;
    if (kind === "words" && UNSEEN.test(word)) return false;
    const plain = word.normalize("NFKC");
    return !added.some((text) => word.includes(text) || plain.includes(text));
  }
}

/** The words of a text between its spaces. */
function cutWords(text: string): string[] {
  const words: string[] = [];
  for (let from = 0; from < text.length;) {
    const end = text.indexOf(" ", from);
    const to = end < 0 ? text.length : end;
    if (to > from) words.push(text.slice(from, to));
    from = to + 1;
  }
  return words;
}

/** The words of a text, each with the space before it; a space beside another one ends no word. */
function cutSpaced(text: string): string[] {
  const words: string[] = [];
  let from = 0;
  for (let at = text.indexOf(" ", 1); at >= 0; at = text.indexOf(" ", at + 1)) {
    if (text.charCodeAt(at - 1) <= SPACE || !(text.charCodeAt(at + 1) > SPACE)) continue;
    words.push(text.slice(from, at));
    from = at;
  }
  if (from < text.length) words.push(text.slice(from));
  return words;
}
