import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { malformed, tooMuch } from "./ggufErrors.ts";
import type { GgufMetadata } from "./ggufMetadata.ts";
import { readPart, type GgufPart } from "./ggufPart.ts";

/** The most files of a model. */
const MOST_PARTS = 1000;
/** The name of a part, as llama.cpp writes it: "NAME-00001-of-00003.gguf". */
const PART = /^(.*)-\d{5}-of-(\d{5})\.gguf$/;

/** The name of a part. @param number from 1 on */
const partName = (prefix: string, number: number, count: number): string =>
  `${prefix}-${String(number).padStart(5, "0")}-of-${String(count).padStart(5, "0")}.gguf`;

/**
 * The files of a model that are there, by the name of one: itself, and where it is named as a part, the others beside
 * it. None is read.
 */
export function ggufPaths(path: string): string[] {
  const [, prefix, count] = PART.exec(basename(path)) ?? [];
  if (prefix === undefined || Number(count) > MOST_PARTS) return existsSync(path) ? [path] : [];
  return Array.from({ length: Number(count) }, (_, i) =>
    join(dirname(path), partName(prefix, i + 1, Number(count))),
  ).filter((each) => existsSync(each));
}

/** The number of a part, from 0 on, and how many there are; of a model in one file 0 and 1. */
function placeOf(metadata: GgufMetadata): { no: number; count: number } {
  const count = metadata.number("split.count") ?? 1;
  if (count === 0 || count === 1) return { no: 0, count: 1 };
  const no = metadata.number("split.no") ?? 0;
  if (!Number.isInteger(count) || !Number.isInteger(no) || no < 0 || no >= count)
    throw malformed(metadata.path, phrase`it is part ${no} of ${count}, counted from 0`);
  return { no, count };
}

/** Parts that do not belong together. */
const otherModel = (path: string, first: string): UserError =>
  new UserError(
    "gguf-part-other-model",
    phrase`${path} does not belong to ${first}: the numbers of files or of tensors that they tell differ`,
    phrase`Download all parts of the model again, from one place.`,
  );

/** The paths of all parts. @throws UserError where the first is not the one given, or one is missing */
function partPaths(path: string, no: number, count: number): string[] {
  const prefix = PART.exec(basename(path))?.[1];
  const paths = Array.from({ length: count }, (_, i) => join(dirname(path), partName(prefix ?? "NAME", i + 1, count)));
  if (no !== 0)
    throw new UserError(
      "gguf-part-not-first",
      phrase`${path} is part ${no + 1} of ${count} of a model`,
      phrase`Give the first part, ${paths[0]!}, with the others beside it.`,
    );
  if (prefix === undefined || basename(path) !== basename(paths[0]!))
    throw new UserError(
      "gguf-part-name",
      phrase`${path} is the first of ${count} parts of a model, and its name does not tell those of the others`,
      phrase`Give the parts the names that they were published with, such as ${basename(paths[0]!)}.`,
    );
  const missing = paths.find((each, i) => i > 0 && !existsSync(each));
  if (missing !== undefined)
    throw new UserError(
      "gguf-part-missing",
      phrase`${path} is the first of ${count} parts of a model, and ${missing} is missing`,
      phrase`Download or copy all parts of the model into one folder.`,
    );
  return paths;
}

/**
 * Reads a model's file, or all of its parts where it has several.
 * @throws UserError naming the file that is missing or damaged, or the first part where another one is given
 */
export function readParts(path: string): GgufPart[] {
  const first = readPart(path);
  const { no, count } = placeOf(first.metadata);
  if (count === 1) return [first];
  if (count > MOST_PARTS) throw tooMuch(path, phrase`it is one of ${count} parts`);
  const paths = partPaths(path, no, count);
  const parts = paths.map((each, i) => (i === 0 ? first : readPart(each)));
  parts.forEach(({ metadata }, i) => {
    const own = placeOf(metadata);
    if (own.no !== i || own.count !== count) throw otherModel(metadata.path, path);
  });
  const tensors = parts.reduce((sum, part) => sum + part.tensors.length, 0);
  if ((first.metadata.number("split.tensors.count") ?? tensors) !== tensors) throw otherModel(paths.at(-1)!, path);
  return parts;
}
