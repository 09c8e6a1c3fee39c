/**
 * What Python treats as white space (str.isspace). JavaScript's \s has U+FEFF in addition, and lacks U+001C to U+001F
 * and U+0085.
 */
const SPACE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const ENDS = new RegExp(`^${SPACE}+|${SPACE}+$`, "g");
const RUN = new RegExp(`${SPACE}+`);

/** Python's str.strip(). */
export const strip = (text: string): string => text.replace(ENDS, "");

/** Python's str.split() without an argument. */
export const splitWords = (text: string): string[] => text.split(RUN).filter((word) => word !== "");

/** The value of a decimal digit of any script: Unicode has the digits of a script in a row, from 0 up. */
function digitValue(digit: string): string {
  let start = digit.codePointAt(0)!;
  const code = start;
  while (/\p{Nd}/u.test(String.fromCodePoint(start - 1))) start--;
  return String((code - start) % 10);
}

/**
 * Python's float(text), but -1 where Python would raise (or return nan or an infinity), as in the official STS-B
 * metric.
 */
export function toFloat(text: string): number {
  const ascii = strip(text).replace(/\p{Nd}/gu, digitValue);
  if (!/^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)([eE][+-]?\d+(_\d+)*)?$/.test(ascii)) return -1;
  return Number(ascii.replaceAll("_", ""));
}
