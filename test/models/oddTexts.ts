import { realTexts } from "./realTexts.ts";

/** What tokenizers split at, join, normalise, or take for something else. */
const PIECES = [
  " ",
  "  ",
  "   ",
  "     ",
  " ".repeat(17),
  " ".repeat(31),
  "\n",
  "\n\n",
  "\n\n\n",
  "\r\n",
  "\t",
  "\t\t",
  "\u00a0",
  "\u3000",
  "\u2028",
  "\u200b",
  "a",
  "I",
  "the",
  "Hello",
  "WORLD",
  "camelCaseWord",
  "it's",
  "WE'VE",
  "don't",
  "’s",
  "naïve",
  "e\u0301",
  "\u0301",
  "\u0308\u0323",
  "ﬁne",
  "①",
  "½",
  "Ⅷ",
  "٣٤",
  "1",
  "12",
  "12345",
  "1,000.50",
  "3.14e-10",
  "日本語",
  "中文句子",
  "한국어",
  "ก็ได้",
  "क्षि",
  "עברית",
  "عربي",
  "😀",
  "👩‍👩‍👧‍👦",
  "🏳️‍🌈",
  "🇩🇪",
  "𝔘𝔫𝔦",
  "\u0000",
  "\u0007",
  "\u001b[0m",
  "\ufffd",
  "\ufeff",
  "▁",
  "▁▁",
  "Ġ",
  "<0x0A>",
  "<s>",
  "</s>",
  "<unk>",
  "<bos>",
  "<eos>",
  "<pad>",
  "<|endoftext|>",
  "<|im_start|>",
  "<|im_end|>",
  "<|begin_of_text|>",
  "<|eot_id|>",
  "<|user|>",
  "<|end|>",
  "<start_of_turn>",
  "<end_of_turn>",
  "<tool_call>",
  "<extra_id_0>",
  "[PAD7]",
  "!",
  "...",
  "?!",
  "--",
  "==>",
  "()",
  "{};",
  "$",
  "`",
  '"',
  "/*",
  "http://a.b/c?d=e&f",
];

/** Numbers of a fixed sequence, in [0, below). */
function sequence(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** So many different texts: real ones, of at most `longest` characters, ones of odd pieces, and mixtures of both. */
export function oddTexts(count: number, longest = 600): string[] {
  const next = sequence(7);
  const real = realTexts(Math.ceil(count / 2)).map((text) => text.slice(0, longest).toWellFormed());
  const found = new Set([...real, ...PIECES]);
  while (found.size < count) {
    const made = Array.from({ length: 1 + next(9) }, () => PIECES[next(PIECES.length)]!).join("");
    const around = real[next(real.length)]!;
    const at = next(around.length + 1);
    found.add(next(2) === 0 ? made : (around.slice(0, at) + made + around.slice(at)).toWellFormed());
  }
  return [...found].slice(0, count);
}
