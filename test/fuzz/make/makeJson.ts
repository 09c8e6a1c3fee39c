import type { Random } from "../random.ts";
import { encoded } from "./makeTable.ts";

const NUMBERS = [
  "0",
  "-0",
  "-0.0",
  "1.50",
  "1e5",
  "1E-7",
  "9007199254740993",
  "12345678901234567890",
  "1e400",
  "-1e999",
  "5e-324",
  "0.1",
  "NaN",
  "Infinity",
  "-Infinity",
  "-NaN",
  "01",
  "1.",
  ".5",
  "+1",
  "0x10",
  "1_000",
];
const STRINGS = [
  '""',
  '"a"',
  '"text"',
  '"1.50"',
  '"\\u0000"',
  '"\\ud83d"',
  '"\\ud83d\\ude00"',
  '"\\\\"',
  '"a\\\\\\"1.50"',
  '"\\n"',
  '"NaN"',
  '"é"',
  '"😀"',
  '"\u2028"',
  '"__proto__"',
  '"\\q"',
  '"tab\t"',
  '"open',
];
const KEYS = [
  "text",
  "label",
  "id",
  "data",
  "a",
  "__proto__",
  "constructor",
  "context",
  "qas",
  "question",
  "answers",
  "0",
  "1",
  "2",
  "",
  "header",
  "columns",
  "index",
  "schema",
  "messages",
  "paragraphs",
  "is_impossible",
  "qid",
  "a.b",
];
const SPACES = ["", "", "", " ", "\n", "\t", "\r\n", "\u00a0"];

const keyOf = (random: Random): string => JSON.stringify(random.one(KEYS));

/** The text of a value; it may be no JSON, as what programs write. */
export function makeValue(random: Random, depth: number): string {
  const space = random.one(SPACES);
  const some = (least: number, each: () => string): string =>
    Array.from({ length: least + random.below(4) }, each).join(`,${space}`);
  switch (random.below(depth > 0 ? 8 : 5)) {
    case 0:
      return random.one(NUMBERS);
    case 1:
      return random.one(["true", "false", "null", "None", "undefined"].slice(0, random.chance(0.1) ? 5 : 3));
    case 2:
    case 3:
    case 4:
      return random.chance(0.7) ? random.one(STRINGS.slice(0, 9)) : random.one(STRINGS);
    case 5:
      return `[${space}${some(0, () => makeValue(random, depth - 1))}${space}]`;
    default:
      return `{${space}${some(0, () => `${keyOf(random)}${space}:${space}${makeValue(random, depth - 1)}`)}}`;
  }
}

const objectOf = (random: Random, names: readonly string[], depth = 1): string =>
  `{${names.map((name) => `${JSON.stringify(name)}:${makeValue(random, depth)}`).join(",")}}`;

/** A document in one of the layouts that programs write. */
function makeDocument(random: Random): string {
  const names = [...new Set(Array.from({ length: 1 + random.below(4) }, () => random.one(KEYS)))];
  const rows = 1 + random.below(6);
  const value = (): string => makeValue(random, 1);
  const each = (make: (i: number) => string): string => Array.from({ length: rows }, (_, i) => make(i)).join(",");
  const listed = `[${each(() => objectOf(random, names))}]`;
  const questions = (): string =>
    `[${each(() => `{"question":"q","id":${value()},"answers":[{"text":"a","answer_start":0},"b"]${random.chance(0.2) ? `,${keyOf(random)}:${value()}` : ""}}`)}]`;
  switch (random.below(9)) {
    case 0:
      return listed;
    case 1:
      return `{${keyOf(random)}:${value()},"data":${listed}}`;
    case 2:
      return `{${names.map((name) => `${JSON.stringify(name)}:{${each((i) => `"${i}":${value()}`)}}`).join(",")}}`;
    case 3:
      return `{${each((i) => `"${i}":${objectOf(random, names)}`)}}`;
    case 4:
      return `{"columns":[${names.map((name) => JSON.stringify(name)).join(",")}],"index":[${each((i) => String(i))}],"data":[${each(() => `[${names.map(value).join(",")}]`)}]}`;
    case 5:
      return `{${names.map((name) => `${JSON.stringify(name)}:[${each(value)}]`).join(",")}}`;
    case 6:
      return `{"data":[{"paragraphs":[{"context":"c","qas":${questions()}}]}]}`;
    case 7:
      return Array.from({ length: rows }, () => objectOf(random, names)).join(random.one(["\n", "\r\n", "\r", ",\n"]));
    default:
      return makeValue(random, 5);
  }
}

/** JSON lines: objects of like fields, questions of MRQA, what is none. */
function makeRows(random: Random): string {
  const names = Array.from({ length: 1 + random.below(5) }, () => random.one(KEYS));
  const lines = Array.from({ length: 1 + random.below(12) }, () => {
    if (random.chance(0.1)) return makeValue(random, 3);
    if (random.chance(0.1))
      return `{"context":"c","qas":[{"qid":"1","question":"q","answers":[${makeValue(random, 1)}]}]}`;
    return objectOf(random, names, 3);
  });
  if (random.chance(0.1)) lines.unshift('{"header":{"dataset":"x"}}');
  return `${lines.join(random.one(["\n", "\r\n", "\n\n", "\r"]))}${random.one(["", "\n"])}`;
}

export const makeJson = (random: Random): Buffer => encoded(makeDocument(random), random);
export const makeLines = (random: Random): Buffer => encoded(makeRows(random), random);
