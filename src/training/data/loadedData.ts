import type { Phrase } from "../../base/phrase.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import type { TextTokenizer } from "../../backbone/tokenizer/tokenizer.ts";
import type { ExampleSource } from "../../task/exampleSource.ts";
import type { DataReview, ReviewedTask } from "../../task/review/dataReview.ts";
import type { MetricName } from "../../task/metric/metrics.ts";
import type { SplitName } from "../../task/splitNames.ts";
import type { ExampleEncoder } from "../batch/exampleEncoder.ts";
import type { ExampleList } from "../batch/exampleList.ts";

/** A model folder with what reads texts for it. */
export interface ReadingModel {
  folder: string;
  isCausal: boolean;
  vocabulary: number;
  tokenizer: TextTokenizer;
  encoder: ExampleEncoder;
}

/** What of an experiment decides its data. */
export type DataExperiment = Pick<Experiment, "task" | "prompt" | "seed" | "training">;

/** The examples of an experiment: validation and test at most as many as it evaluates. */
export interface LoadedData {
  /** As tokens. */
  lists: Readonly<Record<SplitName, ExampleList>>;
  /** The same examples as text. */
  texts: Readonly<Record<SplitName, ExampleSource>>;
  labels: string[];
  metrics: MetricName[];
  /** The splits that a seed has drawn from the rows of training. */
  drawn: readonly SplitName[];
  /** What the user should know of the files. */
  notes: readonly Phrase[];
  /** Encodes what is asked in an evaluation, with solved examples before it where the experiment has such. */
  asked: ExampleEncoder;
  /** Reviews the examples in threads, where they are on disk; `asIs`: targets are compared as they are. */
  review?: ((reviewed: ReviewedTask, most: number, asIs: boolean) => Promise<DataReview>) | undefined;
  /** Bytes that the examples take in memory, about. */
  bytes: number;
  /**
   * Where what was found out about the data is kept, and what it depends on beside the experiment; undefined for data
   * in memory.
   */
  keep: { folder: string; stores: readonly string[] } | undefined;
  /** Ends the threads that have read the data: nothing more is asked of them. */
  endThreads: () => Promise<void>;
  close: () => Promise<void>;
}
