import type { Random } from "../random.ts";

/** Cells that readers of tables trip over. */
const CELLS = [
  "",
  " ",
  "a",
  "ham",
  "1,5",
  "a;b",
  "a\tb",
  'he said "hi"',
  '"',
  '""',
  "two\nlines",
  "two\r\nlines",
  "a\rb",
  "naïve café",
  "好电影",
  "хорошо",
  "😀",
  "\u2028",
  "\ufeff",
  "\0",
  "=1+1",
  "sep=;",
  "9007199254740993",
  "1e400",
  "NaN",
  "null",
  "{text}",
  "__proto__",
  "constructor",
  "x".repeat(3000),
];
const NAMES = ["text", "label", "id", "idx", "", " text ", "text", "__proto__", "toString", "{a}", "a.b", "7", "naïve"];
const DELIMITERS = [",", ";", "\t", "|"];
const ENDS = ["\n", "\r\n", "\r", "\n\n"];
const QUOTINGS = ["needed", "all", "none", "broken"] as const;

function quoted(cell: string, random: Random, style: (typeof QUOTINGS)[number]): string {
  const whole = `"${cell.replaceAll('"', '""')}"`;
  if (style === "all") return whole;
  if (style === "none") return cell;
  if (style === "broken") return random.one([`"${cell}"`, `${cell}"`, `"${cell}`, ` ${whole}`, `${whole} x`, cell]);
  return /[",;\t|\r\n]/.test(cell) ? whole : cell;
}

/** Bytes of one byte a letter, as in Windows' encodings. */
const narrow = (text: string): Buffer => Buffer.from(Array.from(text, (letter) => letter.codePointAt(0)! & 255));

/** A text in an encoding that files have, with a mark or without. */
export function encoded(text: string, random: Random): Buffer {
  const mark = random.chance(0.3) ? "\ufeff" : "";
  const wide = (): Buffer => Buffer.from(mark + text, "utf16le");
  switch (random.below(8)) {
    case 0:
      return wide();
    case 1:
      return wide().swap16();
    case 2:
      return narrow(text);
    case 3:
      return Buffer.concat([wide(), Buffer.from([0])]);
    default:
      return Buffer.from(mark + text);
  }
}

/** A table as programs write it, in one form throughout unless it is broken. */
export function makeTable(random: Random): Buffer {
  const delimiter = random.one(DELIMITERS);
  const end = random.one(ENDS);
  const style = random.one(QUOTINGS);
  const columns = random.chance(0.02) ? 3000 : 1 + random.below(8);
  const lines = random.chance(0.1) ? [`sep=${random.one(DELIMITERS)}`] : [];
  const rowOf = (cell: () => string): string => {
    const own = Math.max(1, columns + (random.chance(0.05) ? random.below(3) - 1 : 0));
    return Array.from({ length: own }, () => quoted(cell(), random, style)).join(delimiter);
  };
  const isNamed = random.chance(0.7);
  lines.push(
    isNamed ? Array.from({ length: columns }, (_, i) => `c${i}`).join(delimiter) : rowOf(() => random.one(NAMES)),
  );
  const rows = columns > 100 ? 2 : random.below(30);
  for (let i = 0; i < rows; i++) lines.push(random.chance(0.05) ? "" : rowOf(() => random.one(CELLS)));
  return encoded(lines.join(end) + (random.chance(0.5) ? end : ""), random);
}
