import { phrase, type Phrase } from "../../base/phrase.ts";
import type { SplitName } from "../splitNames.ts";
import { InputIndex, type InputTables } from "./inputTable.ts";
import type { Locate } from "./labelNotes.ts";
import { countText, joined } from "./wordings.ts";

/** The examples of a scored split whose input training has: all of them, and those that are equal letter for letter. */
interface Copies {
  split: SplitName;
  all: number;
  exact: number;
  total: number;
  first: { own: number; trained: number };
}

function copiesIn(tables: InputTables, split: SplitName, exact: InputIndex, loose: InputIndex): Copies | undefined {
  const own = tables[split];
  const found = { split, all: 0, exact: 0, total: own.length };
  let first: Copies["first"] | undefined;
  for (let example = 0; example < own.length; example++) {
    const same = exact.first(own, example);
    const trained = same ?? loose.first(own, example);
    if (trained === undefined) continue;
    found.all++;
    if (same !== undefined) found.exact++;
    first ??= { own: example, trained };
  }
  return first && { ...found, first };
}

/** Says how many inputs that are scored were trained on. */
function leakNote(tables: InputTables, exact: InputIndex, locate: Locate): Phrase[] {
  const loose = new InputIndex(tables.train, "loose");
  const found = (["test", "validation"] as const).flatMap((split) => copiesIn(tables, split, exact, loose) ?? []);
  const [most] = found;
  if (most === undefined) return [];
  const count = (of: "all" | "exact"): number => found.reduce((sum, each) => sum + each[of], 0);
  const parts = joined(found.map(({ split, all, total }) => countText(split, all, total)));
  const first = phrase`${locate(most.split, most.first.own)}, whose input is that of ${locate("train", most.first.trained)}`;
  if (count("exact") === count("all"))
    return [phrase`${parts} have an input that is also in training; the first is ${first}`];
  return [
    phrase`${parts} have an input that is also in training, ${count("exact")} of them letter for letter, the others but for case, white space, punctuation or Unicode form; the first is ${first}`,
  ];
}

/** What is to be said of inputs that come twice: in training and in a split that is scored, and with two targets. */
export function duplicateNotes(tables: InputTables, locate: Locate): Phrase[] {
  let torn = 0;
  let first: { example: number; earlier: number } | undefined;
  const exact = new InputIndex(tables.train, "exact", (example, earlier) => {
    if (tables.train.target(example) === tables.train.target(earlier)) return;
    torn++;
    first ??= { example, earlier };
  });
  return [
    ...leakNote(tables, exact, locate),
    ...(first === undefined
      ? []
      : [
          phrase`${countText("train", torn, tables.train.length)} have the input of an earlier one with a different target; the first is ${locate("train", first.example)}, after ${locate("train", first.earlier)}`,
        ]),
  ];
}
