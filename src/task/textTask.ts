import { readdirSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../base/errors.ts";
import type { TaskSpec } from "../experiment/experiment.ts";
import { MersenneTwister, permutation } from "../base/random.ts";
import { dataText } from "./rows/dataText.ts";
import type { Example } from "./example.ts";
import { splitBySeed } from "./split.ts";
import { timedMatch } from "./timedMatch.ts";

type TextSpec = Extract<TaskSpec, { kind: "text" }>;
/** Shorter pieces of a paragraph teach nothing. */
const FEWEST_WORDS = 12;
const SENTINEL = (i: number): string => `<extra_id_${i}>`;

/** Cuts `total` into `parts` whole numbers of at least 1, every cut equally likely. */
function partition(total: number, parts: number, random: MersenneTwister): number[] {
  const cuts = Array.from(permutation(total - 1, random.nextUint32()).slice(0, parts - 1))
    .map((cut) => cut + 1)
    .sort((a, b) => a - b);
  return [...cuts, total].map((cut, i) => cut - (cuts[i - 1] ?? 0));
}

/**
 * T5's span corruption (Raffel et al. 2020, section 3.1.4), by words: a share of them in spans becomes sentinels, and
 * the target is what they hide.
 * @param corruption share of the words, 0..1
 * @param spanWords mean length of a span
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

/** A number that depends on a file's name, so that its spans do not change when other files come or go. */
const nameSeed = (name: string): number =>
  Array.from(name).reduce((hash, sign) => Math.imul(hash ^ sign.codePointAt(0)!, 0x01000193) >>> 0, 0x811c9dc5);

/** What the file's name says of its text. */
const labelOf = (name: string, label: string | undefined): string | undefined =>
  label === undefined ? undefined : timedMatch(label, name);

async function examplesOf(path: string, name: string, { words, perFile, ...spec }: TextSpec): Promise<Example[]> {
  const text = await dataText(path);
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
 * Running text from a folder of .txt files, to be denoised, or labelled by its file's name; whole files are held out.
 * @throws UserError when the folder has none
 */
export async function loadTextTask(
  spec: TextSpec,
): Promise<{ train: Example[]; validation: Example[]; test: Example[] }> {
  const names = readdirSync(spec.folder)
    .filter((name) => name.endsWith(".txt") && (spec.label === undefined || labelOf(name, spec.label) !== undefined))
    .sort();
  if (names.length < 3)
    throw new UserError(
      `${spec.folder} has ${names.length} .txt files${spec.label === undefined ? "" : ` whose name has a label by ${spec.label}`}`,
      "Give at least three: whole files are held out for validation and test.",
    );
  const { train, validation, test } = splitBySeed(names, {
    ...spec.split,
    validation: Math.max(spec.split.validation, 1 / names.length),
    test: Math.max(spec.split.test, 1 / names.length),
  });
  const read = async (files: readonly string[]): Promise<Example[]> =>
    (await Promise.all(files.map((name) => examplesOf(join(spec.folder, name), name, spec)))).flat();
  // Shuffled, so that the first of them, which a limit takes, are of all files.
  const mixed = (examples: Example[]): Example[] =>
    Array.from(permutation(examples.length, spec.split.seed), (i) => examples[i]!);
  return { train: await read(train), validation: mixed(await read(validation)), test: mixed(await read(test)) };
}
