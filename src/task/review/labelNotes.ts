import { listed, phrase, type Phrase, type PhraseValue } from "../../base/phrase.ts";
import { SCORED, type SplitName } from "../splitNames.ts";
import type { CountedLabel, LabelCounts } from "../counts/labelCounts.ts";
import { countText, joined, quoted } from "./wordings.ts";
import { labelForm } from "./writtenAlike.ts";

/** The number of labels that a note names. */
const NAMED = 5;
/** What benchmarks write in place of a label that they hide. */
const HIDDEN = /^(-1(\.0+)?|\?+)$/;
/** With more different numbers than this, targets are measurements, of which a new one is nothing special. */
const MOST_NUMBERS = 20;
/** Training examples of which too few are there to tell labels from free text; they are compared all the same. */
const FEW = 50;
/** The share of a class above which a note is made, and the fewest examples of a split that it is made for. */
const LOPSIDED = 0.95;
const FEWEST = 20;

/** Locates an example of a split, for messages. */
export type Locate = (split: SplitName, example: number) => PhraseValue;

/** A label that training lacks, and the training label that it looks like. */
interface Unseen {
  label: CountedLabel;
  like: CountedLabel | undefined;
}

const sum = (unseen: readonly Unseen[], split: SplitName): number =>
  unseen.reduce((total, { label }) => total + label.counts[split], 0);

/** Whether training targets are numbers on a scale, not classes: many of them, or some that are not whole. */
const isScale = (trained: readonly CountedLabel[]): boolean =>
  trained.every(({ text }) => /^-?\d+(\.\d+)?$/.test(text)) &&
  (trained.length > MOST_NUMBERS || trained.some(({ text }) => /\.\d*[1-9]/.test(text)));

/** The labels that training lacks, those first that look like one that it has. */
function unseenLabels(labels: LabelCounts): Unseen[] {
  const all = labels.all();
  const trained = all.filter(({ counts }) => counts.train > 0).sort((a, b) => b.counts.train - a.counts.train);
  const byForm = new Map<string, CountedLabel>();
  for (const label of trained) if (!byForm.has(labelForm(label.text))) byForm.set(labelForm(label.text), label);
  const unseen = all
    .filter(({ counts }) => counts.train === 0)
    .map((label) => ({ label, like: byForm.get(labelForm(label.text)) }));
  const alike = unseen.filter(({ like }) => like !== undefined);
  return isScale(trained) || !labels.areLabels ? alike : [...alike, ...unseen.filter(({ like }) => like === undefined)];
}

/** "12 of 60 test examples", of each scored split that has unseen labels, and the first of those examples. */
function countsOf(
  unseen: readonly Unseen[],
  labels: LabelCounts,
  locate: Locate,
): { counts: Phrase; place: PhraseValue } {
  const splits = SCORED.filter((split) => sum(unseen, split) > 0);
  const [{ label }] = unseen as [Unseen];
  const own = splits.find((split) => label.counts[split] > 0)!;
  return {
    counts: joined(splits.map((split) => countText(split, sum(unseen, split), labels.total(split)))),
    place: locate(own, label.first[own]),
  };
}

function hiddenNote(labels: LabelCounts, locate: Locate): Phrase | undefined {
  const marks = labels
    .all()
    .filter(({ text, counts }) => counts.train === 0 && HIDDEN.test(text))
    .map((label) => ({ label, like: undefined }));
  if (!SCORED.some((split) => labels.total(split) > 0 && sum(marks, split) === labels.total(split))) return undefined;
  const { counts, place } = countsOf(marks, labels, locate);
  return phrase`${counts} have ${quoted(marks[0]!.label.text)} in place of a label (${place}): the labels are hidden, and no answer can be right`;
}

function unseenNote(labels: LabelCounts, unseen: readonly Unseen[], locate: Locate): Phrase {
  const { counts, place } = countsOf(unseen, labels, locate);
  const shown = unseen
    .slice(0, NAMED)
    .map(({ label, like }) =>
      like === undefined
        ? phrase`${quoted(label.text)}`
        : phrase`${quoted(label.text)} looks like ${quoted(like.text)}`,
    );
  const more = unseen.length - shown.length;
  const names = listed([...shown, ...(more > 0 ? [phrase`and ${more} more`] : [])]);
  return phrase`${counts} have a label that training lacks: ${names} (${place})`;
}

/** Says it of the splits in which nearly all examples are of one class. */
function lopsidedNote(labels: LabelCounts): Phrase[] {
  const found = (["train", "test"] as const).flatMap((split) => {
    const total = labels.total(split);
    const label = labels
      .all()
      .reduce<CountedLabel | undefined>(
        (most, each) => (most === undefined || each.counts[split] > most.counts[split] ? each : most),
        undefined,
      );
    const own = label?.counts[split] ?? 0;
    return total >= FEWEST && own / total > LOPSIDED
      ? [phrase`${countText(split, own, total)} have the target ${quoted(label!.text)}`]
      : [];
  });
  return found.length === 0 ? [] : [phrase`${joined(found)}: accuracy hardly tells a model from that answer alone`];
}

/**
 * What is to be said of the labels: those that training lacks, and a class that nearly all examples have.
 * @param whole whether all examples were read: among the first of a file, a label may be missing that comes later
 */
export function labelNotes(labels: LabelCounts, locate: Locate, whole: boolean): Phrase[] {
  const unseen = labels.areLabels || labels.total("train") <= FEW ? unseenLabels(labels) : [];
  const hidden = hiddenNote(labels, locate);
  const told = unseen.filter(({ like }) => whole || like !== undefined);
  return [
    ...(hidden === undefined ? [] : [hidden]),
    ...(hidden === undefined && told.length > 0 ? [unseenNote(labels, told, locate)] : []),
    ...(whole ? lopsidedNote(labels) : []),
  ];
}
