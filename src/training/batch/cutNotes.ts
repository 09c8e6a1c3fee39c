import { phrase, type Phrase, type PhraseValue } from "../../base/phrase.ts";
import type { Lengths } from "./exampleEncoder.ts";
import type { TokenisedExample } from "./tokenisedExample.ts";

/** What sets the lengths, for messages: keys of an experiment, or options. */
const KEYS: Readonly<Record<"source" | "target", PhraseValue>> = {
  source: "training.maxSourceLength",
  target: "training.maxTargetLength",
};

/** How many examples were cut to the lengths, and what follows from it. */
export function cutNotes(
  all: readonly TokenisedExample[],
  { maxSourceLength, maxTargetLength }: Lengths,
  keys = KEYS,
): Phrase[] {
  const inputs = all.filter(({ cut }) => (cut?.source ?? 0) > 0).length;
  const answers = all.filter(({ cut }) => (cut?.target ?? 0) > 0).length;
  return [
    ...(inputs === 0
      ? []
      : [
          phrase`${inputs} of ${all.length} inputs are longer than ${keys.source} (${maxSourceLength} tokens): their middle was left out`,
        ]),
    ...(answers === 0
      ? []
      : [
          phrase`${answers} of ${all.length} answers are longer than ${keys.target} (${maxTargetLength} tokens): they are trained and scored up to there, without their end`,
        ]),
  ];
}
