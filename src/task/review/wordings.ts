import { percentText } from "../../base/text/percentText.ts";
import { listed, phrase, type Phrase } from "../../base/phrase.ts";
import type { SplitName } from "../splitNames.ts";

/** The longest text that a note quotes. */
const LONGEST = 60;
/** The smallest share that percent with one decimal can tell from none. */
const LEAST = 0.0005;

/** A text as a note quotes it. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

/** How many of how many, as percent. */
export function shareText(count: number, total: number): string {
  const share = count / total;
  if (share > 0 && share < LEAST) return "< 0.1 %";
  return share < 1 && share > 1 - LEAST ? "> 99.9 %" : percentText(share);
}

/** "3 of 12 test examples (25.0 %)". */
export function countText(split: SplitName, count: number, total: number): Phrase {
  const share = shareText(count, total);
  switch (split) {
    case "train":
      return phrase`${count} of ${total} training examples (${share})`;
    case "validation":
      return phrase`${count} of ${total} validation examples (${share})`;
    case "test":
      return phrase`${count} of ${total} test examples (${share})`;
  }
}

/** The name of an example that was in no file. */
export function exampleText(split: SplitName, number: number): Phrase {
  switch (split) {
    case "train":
      return phrase`training example ${number}`;
    case "validation":
      return phrase`validation example ${number}`;
    case "test":
      return phrase`test example ${number}`;
  }
}

/** Joins parts of a sentence: "a", "a and b", "a, b and c". */
export function joined(parts: readonly Phrase[]): Phrase {
  const last = parts.at(-1)!;
  return parts.length === 1 ? last : phrase`${listed(parts.slice(0, -1))} and ${last}`;
}
