import { createScanner } from "jsonc-parser";

/**
 * Objects and lists inside each other that any file of ours, or of Hugging Face, needs; parsers that call themselves
 * run out of stack at some thousands.
 */
const DEEPEST = 64;
/** Objects inside each other of which a row of data has fields. */
export const MOST_INSIDE = 16;
/** jsonc-parser's SyntaxKind, whose declaration cannot be read at run time. */
const OPEN_OBJECT = 1;
const CLOSE_OBJECT = 2;
const OPEN_LIST = 3;
const CLOSE_LIST = 4;
const COLON = 6;
const STRING = 10;
const END = 17;
/** The key that would give a parsed object another prototype. */
const PROTOTYPE = "__proto__";

/** Why a text of JSON, comments and all, is not to be parsed, and where. */
interface OutOfBounds {
  offset: number;
  what: string;
}

function look(text: string, refusesPrototype: boolean): OutOfBounds | undefined {
  const scanner = createScanner(text, true);
  const open: number[] = [];
  let key: number | undefined;
  for (let kind: number = scanner.scan(); kind !== END; kind = scanner.scan()) {
    if (kind === OPEN_OBJECT || kind === OPEN_LIST) open.push(kind === OPEN_OBJECT ? CLOSE_OBJECT : CLOSE_LIST);
    // A parser that forgives goes on inside of what another sign would close.
    else if (kind === open.at(-1)) open.pop();
    if (open.length > DEEPEST)
      return { offset: scanner.getTokenOffset(), what: `more than ${DEEPEST} objects and lists inside each other` };
    if (refusesPrototype && kind === COLON && key !== undefined) return { offset: key, what: `the key "${PROTOTYPE}"` };
    key = kind === STRING && scanner.getTokenValue() === PROTOTYPE ? scanner.getTokenOffset() : undefined;
  }
  return undefined;
}

/**
 * What of a file of settings is out of bounds: nests that are too deep, or a key that would hide others. Undefined
 * where it can be parsed.
 */
export const outOfBounds = (text: string): OutOfBounds | undefined => look(text, true);

/** Whether a row of data, whose keys may be any, can be parsed. */
export const isShallow = (text: string): boolean => look(text, false) === undefined;
