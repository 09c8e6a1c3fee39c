import type { TextTokenizer } from "../../backbone/tokenizer/tokenizer.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import type { Adapter } from "../../adapter/adapterFolder.ts";
import type { LocalModel, ModelOptions } from "../../model/localModel.ts";
import type { TokenisedExample } from "../../training/batch/tokenisedExample.ts";
import type { EvaluationResult } from "../../training/evaluation.ts";

import type { Batch } from "../../backbone/batch.ts";
import type { Observation } from "../../model/model.ts";
import type { Alteration, InputSide } from "./alteredInput.ts";

/** An alteration, or a function that makes one for each batch. */
export type Alter = Alteration | ((batch: Batch) => Alteration);
/** The alteration of a batch. */
export const alterationOf = (alter: Alter, batch: Batch): Alteration =>
  typeof alter === "function" ? alter(batch) : alter;

/** Stores the result of each finished case by its label, for an analysis that is interrupted; values are plain JSON. */
export interface Memo {
  get: (label: string) => unknown;
  put: (label: string, value: unknown) => void;
}

/** A trained run that is open for analysis. */
export interface Subject {
  experiment: Experiment;
  adapter: Adapter;
  side: InputSide;
  /** Token ids that stand for no text, such as padding; permutations and lists of tokens leave them out. */
  special: ReadonlySet<number>;
  /** The id that the published code pads texts with. */
  pad: number;
  /** The backbone, which takes its input as computed on the host. */
  model: LocalModel;
  tokenizer: TextTokenizer;
  train: TokenisedExample[];
  test: TokenisedExample[];
  /** The run's model as trained, with its method in the graph. */
  tuned: LocalModel;
  /** Results of an interrupted analysis of the same content. */
  memo?: Memo | undefined;
  /** Opens the backbone once more, with another method or in another form. */
  open: (options: Partial<ModelOptions>) => LocalModel;
  /**
   * Evaluates the run with an altered input. `examples` replace the test split; `observe` receives the logits and
   * states of each batch's predictions, with the batch before its alteration.
   */
  evaluate: (
    alter: Alter,
    options?: {
      examples?: readonly TokenisedExample[];
      observe?: ((observation: Observation, batch: Batch) => void) | undefined;
    },
  ) => Promise<EvaluationResult>;
  release: () => Promise<void>;
}
