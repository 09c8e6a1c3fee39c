import assert from "node:assert/strict";
import { test } from "node:test";
import { isSafePattern } from "../../../src/backbone/tokenizer/safePattern.ts";

/** Expressions that tokenizers have, or that take no longer. */
const SAFE = [
  " {2,}",
  "\\s+",
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  "'s|'t| ?\\p{L}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
  "[a+]+(b)(c)?",
  "(ab)+",
  "a+?b*+",
  "[]()*]+x",
  // Published ones: GPT-4o's, GPT-4's with possessive repetitions, DeepSeek's.
  "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s",
  "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+",
  "\\d+\\.\\d+e\\d+",
  "[\\p{Han}\\p{Hiragana}]+x",
  "(?<=\\d)\\.(\\s|^)x",
  "(?>a*)a*b",
  "[[:alpha:]]+x",
  "[^\\r\\n\\p{L}\\p{N}]?(?:\\p{L}|\\p{M}|\\u200C|\\u200D)+|\\s+(?!\\S)",
  "[\\p{Lu}\\p{Lo}&&[^\\p{Han}]]*[\\p{Ll}\\p{Lo}&&[^\\p{Han}]]+(?i:'s|'t)?|[\\p{Han}]+",
  "\\s?[A-Za-zµÀ-Ö]+|\\s+$|[\\p{P}\\$\\+<=>\\^~\\|]+|[0-9][0-9][0-9]",
  "[^\\n]+|[\\n]+",
  "(?: ?[A-Z]\\.)+x",
];
/** Expressions on which a matcher that backtracks takes more than about linear time. */
const TRIED_FOR_EVER = [
  "(a+)+$",
  "(a|a)*b",
  "((a+)b)*",
  "(a{2,})+",
  "(?:x*)*",
  "a{1000}{1000}",
  "((ab)+c){2,}",
  "a".repeat(3000),
  // A run is divided in many ways before something fails.
  "a*a*b",
  "\\w+\\w+x",
  "[a-c]*[a-d]+(?i:'s|x)",
  "a{1,256}a{1,256}!",
  "(?=a*a*b)a",
  "(?<n>a+)a+b",
  "(a*|x)a*$",
  "a*(?:a*b)?c",
  "(ab)*(ab)*c",
  "a{1,2}+$",
  "(?:a|[ab])+c",
  "(?:ab|a)+c",
  "(a?b?)*c",
  "(a?a)*c",
  "a**",
  "a+{2}",
  "(?<!\\S\\w*?^)a",
  ".+\\p{N}++\\d",
  "\\s+?[^\\r\\n\\p{L}]++[^\\r\\n\\p{L}]{2,}",
  "a+(?>a+)a",
  "(?<=\\p{N}+aq[\\s\\d])\\p{L}",
  "\\s+(?!\\s+(?!\\S)|\\s+S)x",
  "\\W{0,1000}x",
  "\\W{1000}",
  `${"a?".repeat(40)}${"a".repeat(20)}`,
];

test("regular expressions that are tried for ever are told from those that tokenizers have", () => {
  for (const pattern of SAFE) assert.ok(isSafePattern(pattern), pattern);
  for (const pattern of TRIED_FOR_EVER) assert.ok(!isSafePattern(pattern), pattern);
});
