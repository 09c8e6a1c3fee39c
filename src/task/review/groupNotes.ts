import { phrase, type Phrase } from "../../base/phrase.ts";
import type { SplitName } from "../splitNames.ts";
import type { Columns } from "../counts/columns.ts";
import type { ColumnTable } from "../counts/columnTable.ts";
import type { Locate } from "./labelNotes.ts";
import { countText, joined, quoted } from "./wordings.ts";

/** The mean length of a value, in characters, from which it is a text that rows share, and no category. */
const TEXT = 40;
/** Rows of a group, on average: fewer are single copies, more are categories. */
const LEAST_ROWS = 1.5;
const MOST_ROWS = 500;
/** Different values from which a column is of groups, no category: of texts, and of ids. */
const LEAST_TEXTS = 20;
const LEAST_IDS = 30;
/** Of rows that come several times as a whole, a column has nearly as many different values as there are inputs. */
const OF_INPUTS = 0.95;
/** Words in the name of a column that says to what a row belongs. */
const ID_WORDS = new Set(
  "id idx uid pid qid guid uuid group doc docid document article passage paragraph context question title user userid author speaker session conversation dialog dialogue thread video image img patient premise story book page".split(
    " ",
  ),
);

const isIdName = (name: string): boolean =>
  name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/)
    .some((word) => ID_WORDS.has(word));

/** How examples were put into splits. */
export interface Splitting {
  /** The splits that were drawn from the training file. */
  drawn: readonly SplitName[];
  /** The columns that the target uses. */
  targets: readonly string[];
  /** The number of different inputs of training. */
  inputs: number;
}

/** A column of which training and scored splits share values. */
interface SharedColumn {
  name: string;
  table: ColumnTable;
  /** Examples whose value training has, by split. */
  shared: { split: SplitName; count: number; first: number; trained: number }[];
}

function isOfGroups(name: string, table: ColumnTable, inputs: number): boolean {
  const values = table.all();
  const rows = values.reduce((sum, { counts }) => sum + counts.train + counts.validation + counts.test, 0);
  const trained = values.filter(({ counts }) => counts.train > 0).length * table.scale;
  const distinct = values.length * table.scale;
  const isText = table.meanLength >= TEXT;
  if (distinct < (isText ? LEAST_TEXTS : LEAST_IDS) || (!isText && !isIdName(name))) return false;
  const each = rows / values.length;
  return each >= LEAST_ROWS && each <= MOST_ROWS && trained <= OF_INPUTS * inputs;
}

function sharedOf(table: ColumnTable, drawn: readonly SplitName[]): SharedColumn["shared"] {
  return drawn.flatMap((split) => {
    const both = table.all().filter(({ counts }) => counts.train > 0 && counts[split] > 0);
    const [first] = both.sort((a, b) => a.first[split] - b.first[split]);
    if (first === undefined) return [];
    const count = both.reduce((sum, { counts }) => sum + counts[split], 0) * table.scale;
    return [{ split, count, first: first.first[split], trained: first.first.train }];
  });
}

/** Says how many scored examples have rows of their group in training, where a seed has drawn the splits. */
export function groupNotes(
  columns: Columns,
  { drawn, targets, inputs }: Splitting,
  { locate, totals }: { locate: Locate; totals: Readonly<Record<SplitName, number>> },
): Phrase[] {
  const found: SharedColumn[] = [...columns.byName].flatMap(([name, { values }]) => {
    if (targets.includes(name) || !isOfGroups(name, values, inputs)) return [];
    const shared = sharedOf(values, drawn);
    return shared.length === 0 ? [] : [{ name, table: values, shared }];
  });
  const sum = ({ shared }: SharedColumn): number => shared.reduce((total, { count }) => total + count, 0);
  const rank = (each: SharedColumn): number => Number(columns.byName.get(each.name)!.isInput);
  const [most] = found.sort((a, b) => rank(b) - rank(a) || sum(b) - sum(a));
  if (most === undefined) return [];
  const parts = joined(
    most.shared.map(({ split, count }) => countText(split, Math.min(count, totals[split]), totals[split])),
  );
  const about = most.table.scale > 1 ? phrase`About ${parts}` : parts;
  const { split, first, trained } = most.shared.at(-1)!;
  return [
    phrase`${about} share their ${quoted(most.name)} with training examples; the first is ${locate(split, first)}, with ${locate("train", trained)} in training. The seed has drawn rows, not groups: split by ${quoted(most.name)} into files to test on new ones`,
  ];
}
