import type { MetricName } from "./metric/score.ts";

/** One example as text. */
export interface Example {
  source: string;
  target: string;
  /** every right answer, where there are several */
  answers?: string[];
  /** the question that the rows of MultiRC share */
  group?: string;
  /** assertions that generated code must satisfy */
  tests?: string[];
}
export interface TaskData {
  train: Example[];
  validation: Example[];
  test: Example[];
  /** the classes' target strings, in order; of a user's own file the distinct targets when there are at most 50 */
  labels: string[];
  /** first: what chooses the checkpoint */
  metrics: MetricName[];
}
/** A row of a data file: its fields and the line it starts on. */
export interface Row {
  fields: Readonly<Record<string, string>>;
  /** fields that hold several texts */
  lists: Readonly<Record<string, string[]>>;
  line: number;
  /** what `line` counts from 1 where the file has no lines of text */
  unit?: "row" | "question";
}
