import type { Conversation } from "./chat/conversation.ts";
import type { Phrase } from "../base/phrase.ts";
import type { MetricName } from "./metric/metrics.ts";
import type { Row } from "./rows/row.ts";
import type { SplitName } from "./splitNames.ts";

/** One example as text. */
export interface Example {
  source: string;
  target: string;
  /** Every right answer, where the task has several. */
  answers?: string[];
  /** The question that the rows of MultiRC share. */
  group?: string;
  /** Assertions that generated code must satisfy. */
  tests?: string[];
  /** The conversation that `source` and `target` tell as text; it ends with the answer `target`. */
  chat?: Conversation;
  /** The row that the example was made of, where it was made of one. */
  origin?: { path: string; row: Row };
}

/** The three splits of a task. */
export interface Splits {
  train: Example[];
  validation: Example[];
  test: Example[];
  /** What the user should know of the files, such as their encoding and rows that were left out. */
  notes?: readonly Phrase[];
  /** The splits that a seed has drawn from the rows of training; left out where there are none. */
  drawn?: readonly SplitName[];
}

/** The three splits of a task, and how it is scored. */
export interface TaskData extends Splits {
  /** The classes' target strings, in order; for a user's own file the distinct targets, if there are at most 50. */
  labels: string[];
  /** The task's metrics; the first one chooses the checkpoint. */
  metrics: MetricName[];
}
