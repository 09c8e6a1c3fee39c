import { listed, phrase, type Phrase } from "../../base/phrase.ts";
import type { Columns } from "../counts/columns.ts";
import { givingColumns, type GivingColumn, type Trained } from "../counts/givingColumns.ts";
import { joined, quoted } from "./wordings.ts";

function aspectText({ aspect, distinct, name }: GivingColumn): Phrase {
  const column = quoted(name);
  switch (aspect) {
    case "value":
      return phrase`each of the ${distinct} values of ${column} has one label`;
    case "inside":
      return phrase`each value of ${column} has its label in it`;
    case "start":
      return phrase`the first part of ${column} has one label each (${distinct} different ones)`;
    case "end":
      return phrase`the last part of ${column} has one label each (${distinct} different ones)`;
    case "letters":
      return phrase`the letters of ${column} have one label each (${distinct} different ones)`;
  }
}

function giving(found: GivingColumn): Phrase {
  const { example } = found;
  const told = aspectText(found);
  return example === undefined ? told : phrase`${told}, such as ${quoted(example.text)}: ${quoted(example.target)}`;
}

/** Says which columns of the input give the label away. */
export function columnNotes(columns: Columns, trained: Trained): Phrase[] {
  const found = givingColumns(columns, trained);
  if (found.length === 0) return [];
  const names = listed(found.map(({ name }) => phrase`{${name}}`));
  return [
    phrase`The input gives the label away: in all ${trained.labels.total("train")} training examples ${joined(found.map(giving))}. Leave ${names} out of the input, unless it is known where the model is used`,
  ];
}
