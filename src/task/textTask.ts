import { readdirSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../base/errors.ts";
import { phrase, type Phrase } from "../base/phrase.ts";
import type { TaskSpec } from "../experiment/experiment.ts";
import { MersenneTwister, permutation } from "../base/random.ts";
import { dataText } from "./rows/dataText.ts";
import type { Example, Splits } from "./example.ts";
import { splitBySeed } from "./split.ts";
import { timedMatch } from "./timedMatch.ts";

type TextSpec = Extract<TaskSpec, { kind: "text" }>;
/** Pieces of a paragraph with fewer words are left out. */
const FEWEST_WORDS = 12;
const SENTINEL = (i: number): string => `<extra_id_${i}>`;

/** Cuts `total` into `parts` integers of at least 1, every cut equally likely. */
function partition(total: number, parts: number, random: MersenneTwister): number[] {
  const cuts = Array.from(permutation(total - 1, random.nextUint32()).slice(0, parts - 1))
    .map((cut) => cut + 1)
    .sort((a, b) => a - b);
  return [...cuts, total].map((cut, i) => cut - (cuts[i - 1] ?? 0));
}

/**
 * Span corruption of T5's pre-training (Raffel et al. 2020, section 3.1.4), by words: spans of words are replaced by
 * sentinels, and the target is the text that they hide.
 * @param corruption share of the words that is hidden, 0..1
 * @param spanWords mean length of a span in words
 */
export function corruptSpans(
  words: readonly string[],
  { corruption, spanWords }: { corruption: number; spanWords: number },
  random: MersenneTwister,
): Example {
  const noise = Math.min(words.length - 1, Math.max(1, Math.round(corruption * words.length)));
  const spans = Math.min(noise, words.length - noise, Math.max(1, Math.round(noise / spanWords)));
  const hidden = partition(noise, spans, random);
  const kept = partition(words.length - noise, spans, random);
  const source: string[] = [];
  const target: string[] = [];
  const answer: string[] = [];
  let at = 0;
  for (let i = 0; i < spans; i++) {
    const span = words.slice(at + kept[i]!, at + kept[i]! + hidden[i]!);
    source.push(...words.slice(at, at + kept[i]!), SENTINEL(i));
    target.push(SENTINEL(i), ...span);
    answer.push(...span);
    at += kept[i]! + hidden[i]!;
  }
  return { source: source.join(" "), target: target.join(" "), answers: [answer.join(" ")] };
}

/**
 * A seed that depends only on a file's name (FNV-1a), so that its spans stay the same when other files are added or
 * removed.
 */
const nameSeed = (name: string): number =>
  Array.from(name).reduce((hash, sign) => Math.imul(hash ^ sign.codePointAt(0)!, 0x01000193) >>> 0, 0x811c9dc5);

/** The label in a file's name: the first group of the task's regular expression. */
const labelOf = (name: string, label: string | undefined): string | undefined =>
  label === undefined ? undefined : timedMatch(label, name);

/** @param notes takes what the user should know of the file */
async function examplesOf(
  path: string,
  name: string,
  { words, perFile, ...spec }: TextSpec,
  notes: Phrase[],
): Promise<Example[]> {
  const { text, notes: said } = await dataText(path);
  notes.push(...said);
  const random = new MersenneTwister((nameSeed(name) + spec.split.seed) >>> 0);
  const pieces: string[][] = [];
  for (const paragraph of text.split(/\r?\n/)) {
    const all = paragraph.split(/\s+/).filter((word) => word !== "");
    for (let from = 0; all.length - from >= FEWEST_WORDS; from += words) pieces.push(all.slice(from, from + words));
  }
  const whole = pieces.filter((piece) => piece.length >= FEWEST_WORDS);
  const chosen = Array.from(permutation(whole.length, random.nextUint32()).slice(0, perFile)).sort((a, b) => a - b);
  const target = labelOf(name, spec.label);
  return chosen.map((i) =>
    target === undefined ? corruptSpans(whole[i]!, spec, random) : { source: whole[i]!.join(" "), target },
  );
}

/**
 * The names of the .txt files that a task of running text reads.
 * @throws UserError where the folder has fewer than three
 */
export function textFiles(spec: TextSpec): string[] {
  const names = readdirSync(spec.folder)
    .filter((name) => name.endsWith(".txt") && (spec.label === undefined || labelOf(name, spec.label) !== undefined))
    .sort();
  if (names.length < 3)
    throw new UserError(
      "text-files-too-few",
      phrase`${spec.folder} has ${names.length} .txt files${spec.label === undefined ? "" : phrase` whose name has a label by ${spec.label}`}`,
      phrase`Give at least three: whole files are held out for validation and test.`,
    );
  return names;
}

/**
 * Loads running text from a folder of .txt files, for denoising, or with a label from the file's name. The validation
 * and test splits are of whole files.
 * @throws UserError where the folder has fewer than three
 */
export async function loadTextTask(spec: TextSpec): Promise<Splits> {
  const names = textFiles(spec);
  const { train, validation, test } = splitBySeed(names, {
    ...spec.split,
    validation: Math.max(spec.split.validation, 1 / names.length),
    test: Math.max(spec.split.test, 1 / names.length),
  });
  const notes: Phrase[] = [];
  const read = async (files: readonly string[]): Promise<Example[]> =>
    (await Promise.all(files.map((name) => examplesOf(join(spec.folder, name), name, spec, notes)))).flat();
  // Shuffled, so that a limit on the number of examples takes some of every file.
  const mixed = (examples: Example[]): Example[] =>
    Array.from(permutation(examples.length, spec.split.seed), (i) => examples[i]!);
  const data = { train: await read(train), validation: mixed(await read(validation)), test: mixed(await read(test)) };
  const [first] = notes;
  if (first === undefined) return data;
  return { ...data, notes: [notes.length === 1 ? first : phrase`${first} So are ${notes.length - 1} more files.`] };
}
