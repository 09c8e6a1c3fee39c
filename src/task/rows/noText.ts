import { phrase, type Phrase } from "../../base/phrase.ts";
import type { NoText } from "./row.ts";

/** What a field is that has no text, for messages: "the field is a list". */
export const NO_TEXT: Readonly<Record<NoText, Phrase>> = {
  null: phrase`null`,
  nan: phrase`not a number (NaN)`,
  infinity: phrase`infinite, or too large for a number`,
  list: phrase`a list`,
  object: phrase`an object`,
  bytes: phrase`bytes that are no text`,
  date: phrase`a date that no calendar has`,
};
