import { phrase, type Phrase } from "../../base/phrase.ts";
import type { Lengths } from "./exampleEncoder.ts";
import type { TokenisedExample } from "./tokenisedExample.ts";

/** How many examples of each split were cut to the lengths, and what follows from it. */
export function cutNotes(
  splits: Readonly<Record<string, readonly TokenisedExample[]>>,
  { maxSourceLength, maxTargetLength }: Lengths,
): Phrase[] {
  const all = Object.values(splits).flat();
  const inputs = all.filter(({ cut }) => (cut?.source ?? 0) > 0).length;
  const answers = all.filter(({ cut }) => (cut?.target ?? 0) > 0).length;
  return [
    ...(inputs === 0
      ? []
      : [
          phrase`${inputs} of ${all.length} inputs are longer than training.maxSourceLength (${maxSourceLength} tokens): their middle was left out`,
        ]),
    ...(answers === 0
      ? []
      : [
          phrase`${answers} of ${all.length} answers are longer than training.maxTargetLength (${maxTargetLength} tokens): they are trained and scored up to there, without their end`,
        ]),
  ];
}
