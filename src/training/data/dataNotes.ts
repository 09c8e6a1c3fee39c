import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { writeFileAtomic } from "../../base/files/atomicFile.ts";
import type { Phrase } from "../../base/phrase.ts";
import { PhraseData } from "../../base/phraseSchema.ts";
import type { CountedTarget, ExampleSource } from "../../task/exampleSource.ts";
import { cutNotes } from "../batch/cutNotes.ts";
import { cutTargetNotes } from "../batch/cutTargets.ts";
import { longestNotes } from "../batch/longestNotes.ts";
import { readBackNotes, type ReadBack } from "../readBack.ts";
import { reviewNotes } from "../reviewNotes.ts";
import { joinedLists } from "../batch/exampleList.ts";
import type { DataExperiment, LoadedData } from "./loadedData.ts";
import { checkStop, type Preparing } from "./preparing.ts";

/** Changes when the same data would be told of otherwise. */
const VERSION = 1;
/** Examples of which targets are looked at where there are too many different ones. */
const SOME = 10_000;
const Kept = z.array(PhraseData);

/** The targets of examples with their numbers; where there are too many different ones, those of the first examples. */
function targetsOf(source: ExampleSource): CountedTarget[] {
  return (
    source.counted() ??
    Array.from({ length: Math.min(SOME, source.length) }, (_, at) => ({ text: source.target(at), count: 1 }))
  );
}

/** What is known of a model for the notes. */
export interface NotedModel {
  readBack: ReadBack;
  isCausal: boolean;
  /** The texts that the backbone was made for, in tokens, where that is known. */
  longest: number | undefined;
  /** Tokens before each text. */
  prompt: number;
}

/** Notes that need every example as text: of large data they are kept. */
async function textNotes(
  { task, training }: DataExperiment,
  { texts, lists, labels, drawn, review }: LoadedData,
  readBack: ReadBack,
  preparing: Preparing,
): Promise<Phrase[]> {
  const scored = [...targetsOf(texts.validation), ...targetsOf(texts.test)];
  const isFree = texts.train.counted() === undefined;
  const check = (): void => {
    checkStop(preparing);
  };
  // Reading back each of very many different targets would take longer than training.
  const form: ReadBack = isFree ? (text) => Promise.resolve(text) : readBack;
  return [
    ...(await reviewNotes(task, texts, {
      drawn,
      readBack: form,
      check,
      instead: review && ((reviewed, most) => review(reviewed, most, isFree)),
    })),
    ...(await readBackNotes(scored, labels, readBack)),
    ...(await cutTargetNotes(
      joinedLists([lists.train, lists.validation, lists.test]),
      training.maxTargetLength,
      check,
    )),
  ];
}

/** What the user should know of the examples: what the numbers of a run on them cannot show, and what was cut. */
export async function dataNotes(
  experiment: DataExperiment,
  data: LoadedData,
  { readBack, isCausal, longest, prompt }: NotedModel,
  preparing: Preparing,
): Promise<Phrase[]> {
  const { lists, keep } = data;
  const { task, training } = experiment;
  const key = createHash("sha256").update(
    JSON.stringify([
      VERSION,
      task,
      training.validationLimit,
      training.testLimit,
      training.maxTargetLength,
      experiment.prompt,
      keep?.stores,
    ]),
  );
  const path = keep && join(keep.folder, `notes-${key.digest("hex").slice(0, 16)}.json`);
  let noted = path === undefined ? undefined : keptNotes(path);
  if (noted === undefined) {
    noted = await textNotes(experiment, data, readBack, preparing);
    if (path !== undefined) keepNotes(path, noted);
  }
  return [
    ...data.notes,
    ...noted,
    ...cutNotes(lists, training, { isJoined: isCausal }),
    ...longestNotes(joinedLists([lists.train, lists.validation, lists.test]), { longest, prompt, isCausal }),
  ];
}

/** Keeps notes for the next run; where they cannot be kept, that run finds them anew. */
function keepNotes(path: string, notes: readonly Phrase[]): void {
  try {
    writeFileAtomic(path, JSON.stringify(notes));
  } catch {
    /* another process has removed the store, or the disk is full */
  }
}

function keptNotes(path: string): Phrase[] | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return Kept.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
  } catch {
    return undefined;
  }
}
