/** What a value is that has no text: "date": one that no calendar has; "nan" and "infinity": as numbers of Python. */
export type NoText = "null" | "nan" | "infinity" | "list" | "object" | "bytes" | "date";

/** A row of a data file. */
export interface Row {
  /** Each column's value as text. */
  fields: Readonly<Record<string, string>>;
  /** Fields that hold several texts, such as the right answers of a question. */
  lists: Readonly<Record<string, string[]>>;
  /** Fields that hold a list of objects, such as the turns of a conversation; left out where there are none. */
  objects?: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
  /** What the fields are that have no text; left out where there are none. */
  noText?: Readonly<Record<string, NoText>>;
  /** The line that the row starts on, from 1. */
  line: number;
  /** What `line` counts, where the file has no lines of text. */
  unit?: "row" | "question";
}
