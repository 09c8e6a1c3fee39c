import { randomUUID } from "node:crypto";

/** A number of a JSON text whose digits a double would change, such as 9007199254740993 or 1.50. */
export class ExactNumber {
  /** @param text the number as it is written */
  constructor(readonly text: string) {}
}

/** Marks a number's digits inside a string; no file can hold it, since it is drawn anew in each process. */
const MARK = `\uFDD0${randomUUID()} `;
const NUMBER = /-?(?:(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|Infinity)|NaN/g;
/** Whether a text may have a number that a double changes: with a point, an exponent, many digits, or none. */
const MAY_CHANGE = /\d[.eE]|\d{16}|-0|NaN|Infinity/;
const isExact = (text: string): boolean => String(Number(text)) === text && Number.isFinite(Number(text));

/** Where a string that begins before `from` ends: the index of its closing quote, or the text's length. */
function stringEnd(text: string, from: number): number {
  for (let at = from; ; at++) {
    at = text.indexOf('"', at);
    if (at < 0) return text.length;
    let escapes = 0;
    while (text[at - 1 - escapes] === "\\") escapes++;
    if (escapes % 2 === 0) return at;
  }
}

/**
 * Writes the numbers that a double cannot hold in another way; among them NaN and infinities, which Python writes
 * though JSON has none.
 * @returns undefined where there are none
 */
function rewritten(text: string, write: (number: string) => string): string | undefined {
  const parts: string[] = [];
  let some = false;
  for (let at = 0; at < text.length;) {
    const quote = text.indexOf('"', at);
    const end = quote < 0 ? text.length : quote;
    parts.push(
      text.slice(at, end).replace(NUMBER, (number) => {
        if (isExact(number)) return number;
        some = true;
        return write(number);
      }),
    );
    if (quote < 0) break;
    at = stringEnd(text, quote + 1) + 1;
    parts.push(text.slice(quote, at));
  }
  return some ? parts.join("") : undefined;
}

/** @throws SyntaxError at the right place of the text, where something else than such a number is wrong */
function parseMarked(own: string, text: string): unknown {
  try {
    return JSON.parse(own, (key, value: unknown) => {
      if (key.startsWith(MARK)) throw new SyntaxError("a name is no string");
      if (typeof value !== "string" || !value.startsWith(MARK)) return value;
      const number = value.slice(MARK.length);
      return Number.isFinite(Number(number)) ? new ExactNumber(number) : Number(number);
    });
  } catch (error) {
    JSON.parse(rewritten(text, (number) => "0".padEnd(number.length)) ?? text);
    throw error;
  }
}

/**
 * Parses JSON as JSON.parse does, but keeps the digits of numbers: one that a double would change is an `ExactNumber`.
 * NaN, an infinity and a number beyond the range of a double are numbers that are not finite.
 * @throws SyntaxError where the text is no JSON
 */
export function parseExactly(text: string): unknown {
  const own = MAY_CHANGE.test(text) ? rewritten(text, (number) => `"${MARK}${number}"`) : undefined;
  return own === undefined ? JSON.parse(text) : parseMarked(own, text);
}

/** Levels of lists and objects in which exact numbers are looked for; a file may nest deeper than the stack is. */
const DEEPEST = 64;

/**
 * A value as JSON has it, with plain numbers in place of exact ones, down to DEEPEST levels: what has no form there,
 * such as bytes, NaN and days that no calendar has, is null. Integers beyond 2^53 are text, so that no digit is lost.
 */
export function asPlainJson(value: unknown, depth = 0): unknown {
  if (depth > DEEPEST) return value;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (value instanceof ExactNumber) return Number(value.text);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return null;
  if (Array.isArray(value)) return value.map((each) => asPlainJson(each, depth + 1));
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, asPlainJson(each, depth + 1)]));
}
