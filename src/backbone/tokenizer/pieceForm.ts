import * as z from "zod";

/** How a tokenizer's vocabulary spells text. */
export interface PieceForm {
  /** Whether each character of a piece stands for a byte, as in GPT-2's tokenizer. */
  isByteLevel: boolean;
  /** Ids of added tokens that are not text, such as padding or the marks of a chat template. */
  special: ReadonlySet<number>;
  /** The texts of all added tokens, which are spelled as they are. */
  added: ReadonlySet<string>;
  /** Whether bytes that make no whole character are left out of a decoded text (ByT5). */
  dropsBroken?: boolean;
}

const Part = z.looseObject({ type: z.string() });
const Parts = z.looseObject({
  type: z.string(),
  pretokenizers: z.array(Part).optional(),
  decoders: z.array(Part).optional(),
});
const OptionalParts = Parts.nullish().catch(undefined);
const Added = z.array(z.object({ id: z.number().int(), content: z.string(), special: z.boolean().default(false) }));
const Spelling = z.object({
  pre_tokenizer: OptionalParts,
  decoder: OptionalParts,
  added_tokens: Added.catch([]).default([]),
});

const isByteLevel = (part: z.output<typeof OptionalParts>): boolean =>
  part?.type === "ByteLevel" ||
  [...(part?.pretokenizers ?? []), ...(part?.decoders ?? [])].some(({ type }) => type === "ByteLevel");

/** How the vocabulary of a parsed tokenizer.json spells text. */
export function pieceFormOf(json: object): PieceForm {
  const { pre_tokenizer: split, decoder, added_tokens: added } = Spelling.parse(json);
  return {
    isByteLevel: isByteLevel(split) || isByteLevel(decoder),
    special: new Set(added.filter(({ special }) => special).map(({ id }) => id)),
    added: new Set(added.map(({ content }) => content)),
  };
}

/** The character that a byte-level piece has for each byte: GPT-2's table (bytes_to_unicode). */
export function byteCharacters(): string[] {
  const isShown = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isShown(byte) ? byte : next++));
}

/** The byte that each character of a byte-level piece stands for. */
const BYTES: ReadonlyMap<string, number> = new Map(byteCharacters().map((character, byte) => [character, byte]));

const hex = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;

/** The number of bytes of the UTF-8 character that begins with this byte; 0 for one that begins none. */
function lengthFrom(byte: number): number {
  if (byte < 0x80) return 1;
  if (byte >= 0xc2 && byte < 0xe0) return 2;
  if (byte >= 0xe0 && byte < 0xf0) return 3;
  return byte >= 0xf0 && byte < 0xf5 ? 4 : 0;
}

/** Bytes as text. @param spell what stands for a byte that is part of no whole character */
function textOf(bytes: readonly number[], spell: (byte: number) => string): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const length = lengthFrom(bytes[at]!);
    try {
      if (length === 0 || at + length > bytes.length) throw new TypeError("no whole character");
      text += decoder.decode(Uint8Array.from(bytes.slice(at, at + length)));
      at += length;
    } catch {
      text += spell(bytes[at++]!);
    }
  }
  return text;
}

/**
 * A piece of a vocabulary as a person reads it: a space where it begins a word, and <0xE2> for a byte that is a part of
 * a character alone. Added tokens are spelled as they are.
 */
export function readablePiece(piece: string, { isByteLevel, added }: PieceForm): string {
  if (added.has(piece)) return piece;
  if (!isByteLevel) return piece.replaceAll("▁", " ");
  const bytes = [...piece].map((character) => BYTES.get(character));
  return bytes.every((byte) => byte !== undefined) ? textOf(bytes, hex) : piece;
}

/** The text of byte-level pieces, without the bytes that make no whole character. */
export const wholeText = (pieces: readonly string[]): string =>
  textOf(
    pieces.flatMap((piece) => [...piece].flatMap((character) => BYTES.get(character) ?? [])),
    () => "",
  );
