import { Tokenizer } from "tokenizers";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { pieceFormOf, readablePiece, wholeText, type PieceForm } from "./pieceForm.ts";
import { checkTokenizer } from "./tokenizerBounds.ts";
import { tokenizerSource } from "./tokenizerFiles.ts";
import { WordCache } from "./wordCache.ts";
import { wordFormOf, type WordForm } from "./wordForm.ts";

/** How a text is encoded. */
export interface EncodeOptions {
  /** Whether the post-processor's tokens, such as </s>, are added (default true). */
  addSpecial?: boolean;
  /** The longest result in tokens, special tokens included. */
  maxLength?: number;
}
/** Tokens of a text. `offsets` are UTF-16 code units of the text given; added special tokens have (0, 0). */
export interface Encoding {
  ids: number[];
  tokens: string[];
  offsets: [number, number][];
  specialMask: number[];
}

/** The tokens that stand before and after every text. */
interface Around {
  lead: readonly number[];
  trail: readonly number[];
}
const NOTHING_AROUND: Around = { lead: [], trail: [] };

/** A Hugging Face tokenizer, exact. Lone surrogates count as U+FFFD. */
export class TextTokenizer {
  readonly vocabularySize: number;
  private readonly words: WordCache | undefined;
  private around: Promise<Around | undefined> | undefined;

  /**
   * @param form how its vocabulary spells text
   * @param rows tokens that the backbone embeds
   * @param words how it cuts texts at spaces, if it does
   */
  constructor(
    private readonly native: Tokenizer,
    private readonly form: PieceForm,
    private readonly rows = Infinity,
    words?: WordForm,
  ) {
    this.native.disableTruncation();
    this.native.disablePadding();
    this.vocabularySize = native.getVocabSize(true);
    this.words = words && new WordCache(words, (texts) => this.encodedAll(texts));
  }

  /** The ids of texts without special tokens; undefined of a text that cannot be encoded. */
  private async encodedAll(texts: string[]): Promise<(number[] | undefined)[]> {
    let encodings: Awaited<ReturnType<Tokenizer["encodeBatch"]>>;
    try {
      encodings = await this.native.encodeBatch(texts, { addSpecialTokens: false });
    } catch {
      // One text that cannot be encoded fails all: alone, the others can.
      return texts.length === 1
        ? [undefined]
        : (await Promise.all(texts.map((text) => this.encodedAll([text])))).flat();
    }
    return encodings.map((encoding) => {
      const ids = encoding.getIds();
      return ids.some((id) => id >= this.rows) ? undefined : ids;
    });
  }

  private async encoded(text: string, addSpecial: boolean): ReturnType<Tokenizer["encode"]> {
    let encoding: Awaited<ReturnType<Tokenizer["encode"]>>;
    try {
      encoding = await this.native.encode(text.toWellFormed(), null, { addSpecialTokens: addSpecial });
    } catch (error) {
      throw new UserError(
        "text-not-encodable",
        phrase`The tokenizer cannot read "${text.slice(0, 40)}": ${(error as Error).message}`,
        phrase`Its tokenizer is damaged, or of a kind that cannot be used: download the model again.`,
      );
    }
    const beyond = this.rows === Infinity ? undefined : encoding.getIds().find((id) => id >= this.rows);
    if (beyond === undefined) return encoding;
    throw new UserError(
      "token-beyond-embedding",
      phrase`"${text.slice(0, 40)}" has the token "${this.piece(beyond)}" with the id ${beyond}; the backbone embeds ${this.rows} tokens`,
      phrase`Leave that token out of the texts, or use the tokenizer that the model was saved with.`,
    );
  }

  async encode(text: string, { addSpecial = true, maxLength = Infinity }: EncodeOptions = {}): Promise<Encoding> {
    const encoding = await this.encoded(text, addSpecial);
    const units = utf16Offsets(text);
    const specialMask = encoding.getSpecialTokensMask();
    const kept = cut(specialMask, maxLength);
    return {
      ids: kept(encoding.getIds()),
      tokens: kept(encoding.getTokens()),
      specialMask: kept(specialMask),
      offsets: kept(encoding.getOffsets().map(([from = 0, to = 0]): [number, number] => [units(from), units(to)])),
    };
  }

  /** The ids only, without computing offsets. */
  async encodeIds(text: string, { addSpecial = true, maxLength = Infinity }: EncodeOptions = {}): Promise<number[]> {
    return (await this.withBeyond(text, { addSpecial, maxLength })).ids;
  }

  /** The ids of a text, cut to a length, and the number of those that were cut away. */
  encodeWithin(text: string, maxLength: number): Promise<{ ids: number[]; beyond: number }> {
    return this.withBeyond(text, { addSpecial: true, maxLength });
  }

  private async withBeyond(
    text: string,
    { addSpecial, maxLength }: Required<EncodeOptions>,
  ): Promise<{ ids: number[]; beyond: number }> {
    const known = await this.fromWords(text, addSpecial, maxLength);
    return known ?? within(await this.encoded(text, addSpecial), maxLength);
  }

  /** What `withBeyond` gives, of the words of the text; undefined where it is not cut into words. */
  private async fromWords(
    text: string,
    addSpecial: boolean,
    maxLength: number,
  ): Promise<{ ids: number[]; beyond: number } | undefined> {
    if (this.words === undefined) return undefined;
    const around = addSpecial ? await (this.around ??= this.findAround()) : NOTHING_AROUND;
    if (around === undefined) return undefined;
    const { lead, trail } = around;
    const ids = [...lead];
    // A text without tokens is left to the tokenizer: what stands around is then not told from it.
    if (!(await this.words.addTokens(text, ids)) || ids.length === lead.length) return undefined;
    const whole = ids.length + trail.length;
    if (whole > maxLength) ids.length = Math.min(ids.length, Math.max(lead.length, maxLength - trail.length));
    ids.push(...trail);
    return { ids, beyond: whole - ids.length };
  }

  /** The tokens that stand before and after every text. */
  private async findAround(): Promise<Around | undefined> {
    const encoding = await this.encoded("a", true);
    const [ids, mask] = [encoding.getIds(), encoding.getSpecialTokensMask()];
    const first = mask.indexOf(0);
    const last = mask.lastIndexOf(0);
    const own = (await this.encoded("a", false)).getIds();
    if (first < 0 || ids.slice(first, last + 1).join() !== own.join()) return undefined;
    return { lead: ids.slice(0, first), trail: ids.slice(last + 1) };
  }

  /**
   * A token of the vocabulary as a person reads it: a space where it begins a word, and <0xE2> for a byte that is a
   * part of a character alone.
   */
  piece(id: number): string {
    return readablePiece(this.native.idToToken(id) ?? "", this.form);
  }

  /** The ids of added tokens that are not text, such as padding or the marks of a chat template. */
  get special(): ReadonlySet<number> {
    return this.form.special;
  }

  /** The id of a token of the vocabulary, also of an added one; undefined where there is no such token. */
  idOf(token: string): number | undefined {
    return this.native.tokenToId(token) ?? undefined;
  }

  decode(ids: readonly number[], skipSpecial = true): Promise<string> {
    if (this.form.dropsBroken === true && skipSpecial) {
      const own = ids.filter((id) => !this.form.special.has(id));
      return Promise.resolve(wholeText(own.map((id) => this.native.idToToken(id) ?? "")));
    }
    return this.native.decode([...ids], skipSpecial);
  }
}

/**
 * Truncates on the right as Hugging Face does: added tokens at both ends stay. The package's own truncation is a
 * setting of the whole tokenizer, which another thread reads later: two lengths in use at once would interfere.
 */
function cut(specialMask: readonly number[], maxLength: number): <T>(values: T[]) => T[] {
  if (specialMask.length <= maxLength) return (values) => values;
  if (!specialMask.includes(0)) return (values) => values.slice(0, maxLength);
  const lead = specialMask.indexOf(0);
  const trail = specialMask.length - 1 - specialMask.lastIndexOf(0);
  const end = Math.max(lead, maxLength - trail);
  return (values) => [...values.slice(0, end), ...values.slice(values.length - trail)];
}

function within(
  encoding: Awaited<ReturnType<Tokenizer["encode"]>>,
  maxLength: number,
): { ids: number[]; beyond: number } {
  const all = encoding.getIds();
  const ids = all.length <= maxLength ? all : cut(encoding.getSpecialTokensMask(), maxLength)(all);
  return { ids, beyond: all.length - ids.length };
}

/** Code point index -> UTF-16 index; the identity where the text has no astral characters. */
function utf16Offsets(text: string): (codePoint: number) => number {
  if (!/[\u{10000}-\u{10FFFF}]/u.test(text)) return (i) => i;
  const starts: number[] = [];
  let unit = 0;
  for (const character of text) {
    starts.push(unit);
    unit += character.length;
  }
  starts.push(unit);
  return (i) => starts[i] ?? unit;
}

/**
 * @throws UserError where the vocabulary has more tokens than the backbone embeds. Added ones alone may be beyond, also
 * those that the vocabulary lists: a T5 whose files do not say how many sentinels it has gets some that it never had.
 */
function checkRows(path: string, native: Tokenizer, { added }: PieceForm, rows: number): void {
  const own = native.getVocabSize(false);
  for (let id = rows; id < own; id++) {
    const token = native.idToToken(id);
    if (token === null || added.has(token)) continue;
    throw new UserError(
      "tokenizer-beyond-embedding",
      phrase`${path} has ${own} tokens, its model embeds ${rows}`,
      phrase`Use the tokenizer that the model was saved with.`,
    );
  }
}

/**
 * Opens the tokenizer of a model folder.
 * @param rows tokens that its backbone embeds: a text with another token is refused
 * @throws UserError naming the file when it is missing or damaged, or belongs to a larger model
 */
export function loadTokenizer(folder: string, rows = Infinity): TextTokenizer {
  const { path, json, dropsBroken } = tokenizerSource(folder);
  const parsed = checkTokenizer(path, json);
  const form = { ...pieceFormOf(parsed), dropsBroken };
  let native: Tokenizer;
  try {
    native = Tokenizer.fromString(json);
  } catch (error) {
    throw new UserError("tokenizer-malformed", phrase`${path} is not a tokenizer: ${(error as Error).message}`);
  }
  checkRows(path, native, form, rows);
  return new TextTokenizer(native, form, rows, wordFormOf(parsed));
}
