import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const DATA = join(ROOT, "../shared/data");

export interface Example {
  text: string;
  answer: string;
}

/** Texts that tokenizers are known to stumble over. */
const HARD = [
  "",
  " ",
  "  two  spaces   and three",
  "a  1 23 456",
  "\n\n\tindented\r\nlines\n",
  "naïve café, crème brûlée",
  "e\u0301 is not \u00e9",
  "日本語の文章と中文句子",
  "한국어 문장",
  "👩‍👩‍👧‍👦 and 🏳️‍🌈 are one each",
  "שלום عليكم",
  "def f(x):\n    return x ** 2  # squares",
  "<|im_start|>user\nhello<|im_end|>\n",
  "$3.14e-10 + 1,000,000",
  "\u0000\u0007 control",
  "x".repeat(3000),
];

const lines = (text: string): string[] => text.split(/\n/).filter((line) => line.trim() !== "");

/** The READMEs of installed packages: real text where no data lie beside the checkout. */
function readmes(): string[] {
  const packages = join(ROOT, "node_modules");
  return readdirSync(packages)
    .sort()
    .map((name) => join(packages, name, "README.md"))
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, "utf8"));
}

/** Rows of a set beside this checkout; none where it does not lie there. */
export function rowsOf(set: string): Record<string, string>[] {
  const path = join(DATA, set, "validation.jsonl");
  if (!existsSync(path)) return [];
  return lines(readFileSync(path, "utf8")).map((line) => JSON.parse(line) as Record<string, string>);
}

/** So many different real texts, hard ones first: rows of sets, lines of books, READMEs. */
export function realTexts(count: number): string[] {
  const books = join(DATA, "text");
  const sources = [
    HARD,
    ...["sst2", "gsm8k", "trec", "boolq"].map((set) => rowsOf(set).flatMap((row) => Object.values(row).map(String))),
    readmes().flatMap((text) => [text, ...lines(text)]),
    existsSync(books)
      ? readdirSync(books)
          .filter((name) => name.endsWith(".txt"))
          .sort()
          .flatMap((name) => lines(readFileSync(join(books, name), "utf8").slice(0, 20_000)))
      : [],
  ];
  // Every source gets its share.
  const found = new Set<string>();
  for (let i = 0; found.size < count && sources.some((texts) => i < texts.length); i++)
    for (const texts of sources) if (i < texts.length && found.size < count) found.add(texts[i]!);
  return [...found];
}

/** So many real examples: of a classification, of questions with long answers; else lines of READMEs. */
export function realExamples(count: number): Example[] {
  const labelled = [
    ...rowsOf("sst2").map(({ text, label }) => ({ text: `${text!} Label :`, answer: label! })),
    ...rowsOf("trec").map(({ text, label }) => ({ text: `${text!} Label :`, answer: label! })),
  ];
  const asked = rowsOf("gsm8k").map(({ question, answer }) => ({ text: `${question!} Answer :`, answer: answer! }));
  const paragraphs = readmes()
    .flatMap(lines)
    .filter((line) => line.length > 40 && line.length < 400);
  const made = paragraphs.map((line) => ({ text: line.slice(0, 30), answer: line.slice(30).trim() }));
  const third = Math.ceil(count / 3);
  return [...labelled.slice(0, third), ...asked.slice(0, third), ...made].slice(0, count);
}

/** Prompts that a model goes on from. */
export function realPrompts(count: number): string[] {
  const asked = realExamples(3 * count).map(({ text }) => text);
  const chat = asked.map((text) => `<|im_start|>user\n${text}<|im_end|>\n<|im_start|>assistant\n`);
  return asked
    .flatMap((text, i) => (i % 2 === 0 ? [text] : [chat[i]!]))
    .filter((_, i) => i % 3 === 0)
    .slice(0, count);
}
