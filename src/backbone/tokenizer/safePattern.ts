import { dividesText } from "./divisions.ts";

/** The longest regular expression that is checked, in characters; the longest of known tokenizers has some 300. */
const LONGEST = 2000;

/**
 * Whether the time to match a tokenizer's regular expression grows about linearly with the text. The native matcher
 * ends the whole process when it backtracks for too long.
 */
export const isSafePattern = (pattern: string): boolean => pattern.length <= LONGEST && !dividesText(pattern);
