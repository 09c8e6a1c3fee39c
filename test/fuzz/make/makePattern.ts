import type { Random } from "../random.ts";

const ATOMS = [
  "a",
  "q",
  "v",
  ".",
  "\\.",
  "\\d",
  "\\w",
  "\\s",
  "\\S",
  "[a-z]",
  "[^.]",
  "[\\s\\d]",
  "\\b",
  "^",
  "$",
  " ",
  "0",
  "é",
  "\\p{L}",
  "\\p{N}",
  "[\\p{L}\\p{M}]",
  "[^\\r\\n\\p{L}\\p{N}]",
  "'s",
  "\\A",
  "\\Z",
  "]",
  "{",
  "}",
];
const REPEATS = ["*", "+", "?", "{2}", "{1,3}", "{,2}", "{2,}", "*?", "+?", "++", "{1000}", "{0,1000}", "{3,1}"];
const GROUPS = ["(", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?P<n>", "(?i:", "(?>", "(?#"];

/** A regular expression, of Python or of Oniguruma; some are of neither. */
export function makePattern(random: Random, depth = 3): string {
  const parts = Array.from({ length: 1 + random.below(4) }, () => {
    const isGroup = depth > 0 && random.chance(0.35);
    const group = (): string => {
      const inner = Array.from({ length: 1 + random.below(3) }, () => makePattern(random, depth - 1)).join("|");
      return `${random.chance(0.8) ? random.one(GROUPS.slice(0, 6)) : random.one(GROUPS)}${inner}${random.chance(0.97) ? ")" : ""}`;
    };
    return `${isGroup ? group() : random.one(ATOMS)}${random.chance(0.35) ? random.one(REPEATS) : ""}`;
  });
  return parts.join("");
}
