import { TextHasher, type TextHash } from "../counts/textHash.ts";

/** What a UTF-16 unit is for the comparison; 0: not looked at yet. */
const LETTER = 1;
const DIGIT = 2;
const SPACE = 3;
const MARK = 4;
const kinds = new Uint8Array(2 ** 16);

function kindOf(unit: number): number {
  const known = kinds[unit]!;
  if (known !== 0) return known;
  const text = String.fromCharCode(unit);
  let kind = LETTER;
  if (/\p{Nd}/u.test(text)) kind = DIGIT;
  else if (/\s/.test(text)) kind = SPACE;
  else if (/[\p{P}\p{Cf}]/u.test(text)) kind = MARK;
  kinds[unit] = kind;
  return kind;
}

const ASCII = /^[\x00-\x7f]*$/;
const SPACE_UNIT = 32;

/**
 * The hash of a text without what may differ in two copies of it: case, white space, punctuation, Unicode form (NFKC).
 * A mark directly before a digit stays, and so does a gap between two: 3.5 is not 35, and -1 is not 1.
 * @returns undefined where nothing is left of the text
 */
export function looseHash(text: string): TextHash | undefined {
  const plain = (ASCII.test(text) ? text : text.normalize("NFKC")).toLowerCase();
  const hasher = new TextHasher();
  let before = 0;
  let isGap = false;
  for (let i = 0; i < plain.length; i++) {
    const unit = plain.charCodeAt(i);
    const kind = kindOf(unit);
    const isBare = kind === SPACE || (kind === MARK && kindOf(plain.charCodeAt(i + 1) || SPACE_UNIT) !== DIGIT);
    if (!isBare) {
      if (isGap && before === DIGIT && kind === DIGIT) hasher.push(SPACE_UNIT);
      hasher.push(unit);
      before = kind;
    }
    isGap = isBare;
  }
  return hasher.length === 0 ? undefined : hasher.hash();
}
