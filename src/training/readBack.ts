import type { TextTokenizer } from "../backbone/tokenizer/tokenizer.ts";
import { phrase, type Phrase } from "../base/phrase.ts";
import type { CountedTarget } from "../task/exampleSource.ts";
import { strip } from "../task/metric/pythonText.ts";
import type { ExampleEncoder } from "./batch/exampleEncoder.ts";

/**
 * What a tokenizer makes of a text: its tokens, decoded, without white space at both ends. A prediction is decoded
 * tokens, so a target is compared in this form, as the official code does: T5's tokenizer has no line breaks, no braces
 * and no full-width letters, and makes one space of several.
 */
export type ReadBack = (text: string) => Promise<string>;

/** Texts of which the form is kept. */
const MOST_KNOWN = 1 << 16;

/** Reads answers back, whole ones: answers that differ only beyond the longest that is trained stay different. */
export function readBackBy(
  encoder: Pick<ExampleEncoder, "answer">,
  tokenizer: Pick<TextTokenizer, "decode">,
): ReadBack {
  const known = new Map<string, Promise<string>>();
  return (text) => {
    const found = known.get(text) ?? read(text);
    if (known.size < MOST_KNOWN) known.set(text, found);
    return found;
  };
  async function read(text: string): Promise<string> {
    return strip(await tokenizer.decode(Array.from(await encoder.answer(text)), true));
  }
}

/** The number of labels that a note lists, and the longest text that it quotes. */
const MOST_NAMED = 5;
const LONGEST = 60;
const quoted = (text: string): string => JSON.stringify(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

/** Which targets are compared in another form than the data have, and which labels have one form. */
export async function readBackNotes(
  targets: readonly CountedTarget[],
  labels: readonly string[],
  readBack: ReadBack,
): Promise<Phrase[]> {
  const forms = await Promise.all(targets.map(({ text }) => readBack(text)));
  const changed = targets.flatMap(({ text, count }, i) => (strip(text) === forms[i] ? [] : [{ text, count, i }]));
  const [first] = changed;
  const sum = (counts: readonly { count: number }[]): number => counts.reduce((total, { count }) => total + count, 0);
  const byForm = new Map<string, string[]>();
  for (const label of labels) {
    const form = await readBack(label);
    byForm.set(form, [...(byForm.get(form) ?? []), label]);
  }
  const same = [...byForm.values()].find((each) => each.length > 1);
  return [
    ...(first === undefined
      ? []
      : [
          phrase`${sum(changed)} of ${sum(targets)} targets are compared as the tokenizer gives them back, such as ${quoted(first.text)} as ${quoted(forms[first.i]!)}`,
        ]),
    ...(same === undefined
      ? []
      : [
          phrase`The tokenizer makes the same of the labels ${same.slice(0, MOST_NAMED).map(quoted).join(", ")}: the model cannot tell them apart, and they count as one`,
        ]),
  ];
}
