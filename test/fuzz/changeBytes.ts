import type { Random } from "./random.ts";

/** The largest input in bytes, so that a reader's work stays small. */
export const LONGEST = 300_000;
const NUMBERS = [0, 1, 2, 127, 128, 255, 256, 32767, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
const FIGURES = [
  "0",
  "-1",
  "1",
  "2",
  "7",
  "255",
  "65536",
  "1000000",
  "2147483648",
  "4294967295",
  "9007199254740991",
  "9007199254740993",
  "1e308",
  "-1e308",
  "1e-320",
  "1e999",
  "0.5",
  "NaN",
  "018446744073709551615",
];
/**
 * Pieces that readers trip over: names of prototypes, ways out of a folder, escapes of terminals, markup, the other
 * line ends, the marks of each format.
 */
const PIECES = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "../",
  "..",
  "/etc/passwd",
  "C:\\",
  "\0",
  "\u001b[2J",
  "\u009b31m",
  "<img src=x onerror=1>",
  "$(error)",
  "\r\n",
  "\n",
  "\r",
  "\u2028",
  "\ufeff",
  "\ud800",
  "{",
  "}",
  "[",
  "]",
  '"',
  "\\",
  ",",
  ":",
  "{{",
  "}}",
  "{a",
  "null",
  "true",
  "//",
  "/*",
  "\\u0000",
  "\\ud83d",
  "PK\u0001\u0002",
  "PK\u0003\u0004",
  "PK\u0005\u0006",
  "(",
  "e",
  "u",
  "t",
  "q\u0000",
  "h\u0000",
  "cos\nsystem\n",
  "R",
  "Q",
  ".",
  "\t",
  ";",
  '""',
  " ".repeat(500),
  "a".repeat(5000),
  "[".repeat(20_000),
  '{"a":'.repeat(8000),
  "(((((".repeat(3000),
  "=cmd|' /C calc'!A0",
  "(a+)+$",
  "PAR1",
].map((piece) => Buffer.from(piece, piece.startsWith("PK") ? "latin1" : "utf8"));

type Change = (input: Buffer, random: Random, others: readonly Buffer[]) => Buffer;
const joined = (...parts: Uint8Array[]): Buffer => Buffer.concat(parts);
const put = (input: Buffer, at: number, gone: number, piece: Uint8Array): Buffer =>
  joined(input.subarray(0, at), piece, input.subarray(at + gone));
const span = (input: Buffer, random: Random, most: number): [from: number, to: number] => {
  const from = random.below(input.length + 1);
  return [from, Math.min(input.length, from + 1 + random.below(most))];
};

const CHANGES: readonly Change[] = [
  (input, random) => {
    const made = Buffer.from(input);
    if (made.length > 0) made[random.below(made.length)]! ^= 1 << random.below(8);
    return made;
  },
  (input, random) => {
    const made = Buffer.from(input);
    if (made.length > 0) made[random.below(made.length)] = random.one(NUMBERS) & 255;
    return made;
  },
  (input, random) => put(input, random.below(input.length + 1), 0, random.one(PIECES)),
  (input, random) => {
    const piece = random.one(PIECES);
    return put(input, random.below(input.length + 1), piece.length, piece);
  },
  (input, random) => {
    const [from, to] = span(input, random, 40);
    return put(input, from, to - from, Buffer.alloc(0));
  },
  (input, random) => {
    const [from, to] = span(input, random, 200);
    return put(input, random.below(input.length + 1), 0, input.subarray(from, to));
  },
  (input, random, others) => {
    const other = random.one(others);
    const [from, to] = span(other, random, 400);
    return put(input, random.below(input.length + 1), random.below(2) * (to - from), other.subarray(from, to));
  },
  (input, random) => input.subarray(0, random.below(input.length + 1)),
  (input, random) => {
    const size = random.one([2, 4, 8]);
    const at = random.below(Math.max(1, input.length - size));
    const made = Buffer.from(input);
    const number = random.one(NUMBERS);
    if (at + size <= made.length) made.set(Buffer.from(BigUint64Array.of(BigInt(number)).buffer).subarray(0, size), at);
    return made;
  },
  (input, random) => {
    const text = input.toString("latin1");
    const found = [...text.matchAll(/-?\d+(\.\d+)?/g)];
    if (found.length === 0) return input;
    const { index, 0: figure } = random.one(found);
    return put(input, index, figure.length, Buffer.from(random.one(FIGURES)));
  },
  (input, random) => {
    const [from, to] = span(input, random, 60);
    const times = Math.min(2 ** random.below(14), Math.floor(LONGEST / Math.max(1, to - from)));
    return put(input, to, 0, Buffer.concat(Array.from({ length: times }, () => input.subarray(from, to))));
  },
];

/** An input with some of its bytes changed. @param others whose parts may come in */
export function changeBytes(input: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  let made = input;
  for (let left = random.chance(0.6) ? 1 : 1 + random.below(random.chance(0.2) ? 12 : 3); left > 0; left--)
    made = random.one(CHANGES)(made, random, others);
  return made.subarray(0, LONGEST);
}
