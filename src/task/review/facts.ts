import type { Row } from "../rows/row.ts";

/** What a review is told of one example. */
export interface Facts {
  /** The input as text. */
  source: string;
  target: string;
  /** The columns of the example's row, those that its input does not use among them. */
  values?: Readonly<Record<string, string>> | undefined;
  /** Where the row was read; left out where the example was in no file. */
  row?: { path: string; line: number; unit?: Row["unit"] } | undefined;
}
