import type { TextTokenizer } from "../../backbone/tokenizer/tokenizer.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import type { Adapter } from "../../adapter/adapterFolder.ts";
import type { LocalModel, ModelOptions } from "../../model/localModel.ts";
import type { TokenisedExample } from "../../training/batch/tokenisedExample.ts";
import type { EvaluationResult } from "../../training/evaluation.ts";

import type { Batch } from "../../backbone/batch.ts";
import type { Observation } from "../../model/model.ts";
import type { Alteration, InputSide } from "./alteredInput.ts";

/** An alteration, or what makes one of a batch. */
export type Alter = Alteration | ((batch: Batch) => Alteration);
export const alterationOf = (alter: Alter, batch: Batch): Alteration =>
  typeof alter === "function" ? alter(batch) : alter;

/** Cases that an analysis had finished when it was interrupted, by their label; values are plain JSON. */
export interface Memo {
  get: (label: string) => unknown;
  put: (label: string, value: unknown) => void;
}

/** A trained run opened for analysis: its input side on the host, its backbone behind it, its data. */
export interface Subject {
  experiment: Experiment;
  adapter: Adapter;
  side: InputSide;
  model: LocalModel;
  tokenizer: TextTokenizer;
  train: TokenisedExample[];
  test: TokenisedExample[];
  /** the run as it was trained, its method in the graph */
  tuned: LocalModel;
  /** what an interrupted analysis of the same content had finished */
  memo?: Memo | undefined;
  /** the backbone again under another method or form */
  open: (options: Partial<ModelOptions>) => LocalModel;
  /**
   * `examples`: instead of the test split; `see`: looks behind each batch's predictions, the batch as it is before the
   * alteration
   */
  evaluate: (
    alter: Alter,
    options?: { examples?: readonly TokenisedExample[]; see?: ((seen: Observation, batch: Batch) => void) | undefined },
  ) => Promise<EvaluationResult>;
  release: () => Promise<void>;
}
