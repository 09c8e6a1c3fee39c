import { createScanner } from "jsonc-parser";
import { phrase, type Phrase } from "./phrase.ts";

/**
 * The deepest nesting of objects and lists accepted. Our own and Hugging Face's files need less; recursive parsers
 * overflow the stack at some thousands.
 */
const DEEPEST = 64;
/** The deepest nesting of objects whose fields become columns of a data row. */
export const MOST_INSIDE = 16;
/** Values of jsonc-parser's SyntaxKind, a const enum that does not exist at run time. */
const OPEN_OBJECT = 1;
const CLOSE_OBJECT = 2;
const OPEN_LIST = 3;
const CLOSE_LIST = 4;
const COLON = 6;
const STRING = 10;
const END = 17;
/** The key that would change the prototype of a parsed object. */
const PROTOTYPE = "__proto__";

/** Why a JSON text must not be parsed, and the offset in characters of the first place. */
interface OutOfBounds {
  offset: number;
  what: Phrase;
}

function findOutOfBounds(text: string, refusesPrototype: boolean): OutOfBounds | undefined {
  const scanner = createScanner(text, true);
  const open: number[] = [];
  let key: number | undefined;
  for (let kind: number = scanner.scan(); kind !== END; kind = scanner.scan()) {
    if (kind === OPEN_OBJECT || kind === OPEN_LIST) open.push(kind === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_LIST);
    // A tolerant parser stays inside an object or list when it meets the wrong closing bracket.
    else if (kind === open.at(-1)) open.pop();
    if (open.length > DEEPEST)
      return {
        offset: scanner.getTokenOffset(),
        what: phrase`more than ${DEEPEST} objects and lists inside each other`,
      };
    if (refusesPrototype && kind === COLON && key !== undefined)
      return { offset: key, what: phrase`the key "${PROTOTYPE}"` };
    key = kind === STRING && scanner.getTokenValue() === PROTOTYPE ? scanner.getTokenOffset() : undefined;
  }
  return undefined;
}

/**
 * Checks a settings file (JSON, with comments or without) before it is parsed. Returns where it nests too deeply or has
 * a key "__proto__", and undefined if it can be parsed.
 */
export const outOfBounds = (text: string): OutOfBounds | undefined => findOutOfBounds(text, true);

/** Whether a data row nests shallowly enough to be parsed. Its keys may have any name. */
export const isShallow = (text: string): boolean => findOutOfBounds(text, false) === undefined;
