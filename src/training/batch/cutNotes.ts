import { phrase, type Phrase, type PhraseValue } from "../../base/phrase.ts";
import { SPLITS } from "../../task/splitNames.ts";
import { countText, joined } from "../../task/review/wordings.ts";
import type { SplitName } from "../../task/splitNames.ts";
import { shapeOf, type ExampleList, type ExampleShape } from "./exampleList.ts";
import type { Lengths } from "./exampleEncoder.ts";

/** What sets the lengths, for messages: keys of an experiment, or options. */
export type LengthKeys = Readonly<Record<"source" | "target", PhraseValue>>;
const KEYS: LengthKeys = {
  source: "training.maxSourceLength",
  target: "training.maxTargetLength",
};

type Counts = Record<SplitName, number>;
const none = (): Counts => ({ train: 0, validation: 0, test: 0 });
const sum = (counts: Counts): number => SPLITS.reduce((total, split) => total + counts[split], 0);

/** Counts the examples that were cut to the lengths, by split. */
class CutCounts {
  private readonly all = none();
  private readonly source = none();
  private readonly target = none();

  add(split: SplitName, { isSourceCut, isTargetCut }: Pick<ExampleShape, "isSourceCut" | "isTargetCut">): void {
    this.all[split]++;
    if (isSourceCut) this.source[split]++;
    if (isTargetCut) this.target[split]++;
  }

  /** "12 of 60 training examples (20.0 %) and 1 of 8 test examples (12.5 %)", of each split that has any. */
  private splits(counts: Counts): Phrase {
    const cut = SPLITS.filter((split) => counts[split] > 0);
    return joined(cut.map((split) => countText(split, counts[split], this.all[split])));
  }

  /**
   * How many examples were cut, of all and in each split, and what follows from it.
   * @param how isJoined: whether the backbone reads input and answer as one sequence, of which the middle is cut;
   *   keys: what sets the lengths
   */
  notes({ maxSourceLength, maxTargetLength }: Lengths, how: { isJoined: boolean; keys?: LengthKeys }): Phrase[] {
    const { isJoined, keys = KEYS } = how;
    const all = sum(this.all);
    const inputs = sum(this.source);
    const answers = sum(this.target);
    const lost = isJoined ? phrase`their middle was left out` : phrase`their end was cut off`;
    const source = phrase`${inputs} of ${all} inputs are longer than ${keys.source} (${maxSourceLength} tokens): ${lost}`;
    const target = phrase`${answers} of ${all} answers are longer than ${keys.target} (${maxTargetLength} tokens): they are trained and generated up to there, without their end`;
    return [
      ...(inputs === 0 ? [] : [phrase`${source}, in ${this.splits(this.source)}`]),
      ...(answers === 0 ? [] : [phrase`${target}, in ${this.splits(this.target)}`]),
    ];
  }
}

/** How many examples were cut to the lengths, by split, and what follows from it. */
export function cutNotes(
  examples: Readonly<Partial<Record<SplitName, ExampleList>>>,
  lengths: Lengths,
  how: { isJoined: boolean; keys?: LengthKeys },
): Phrase[] {
  const counts = new CutCounts();
  for (const split of SPLITS) {
    const list = examples[split] ?? [];
    for (let at = 0; at < list.length; at++) counts.add(split, shapeOf(list, at));
  }
  return counts.notes(lengths, how);
}
