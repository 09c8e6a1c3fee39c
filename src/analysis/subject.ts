import { loadTokenizer, type TextTokenizer } from "../backbone/tokenizer/tokenizer.ts";
import { engineHere } from "../engine/device/devicesHere.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { UserError } from "../base/errors.ts";
import { loadAdapter, type Adapter } from "../adapter/adapterFolder.ts";
import { inputParts } from "../adapter/fold.ts";
import { T5TunedModel, type ModelOptions } from "../model/tunedModel.ts";
import { loadTask } from "../task/loadTask.ts";
import { backboneFolder } from "../backbone/backboneFolder.ts";
import { tokenise, type TokenisedExample } from "../training/batch/tokenisedExample.ts";
import { evaluate, type EvaluationOptions, type EvaluationResult } from "../training/evaluation.ts";

import { backboneLayout, candidatesOf } from "../training/prepare.ts";
import type { Batch, Seen, TunedModel } from "../model/model.ts";
import { alteredBatch, type Alteration, type InputSide } from "./alteredInput.ts";
import type { Memo } from "./outcomes.ts";

/** An alteration, or what makes one of a batch. */
export type Alter = Alteration | ((batch: Batch) => Alteration);
export const alterationOf = (alter: Alter, batch: Batch): Alteration =>
  typeof alter === "function" ? alter(batch) : alter;

/** A trained run opened for analysis: its input side on the host, its backbone behind it, its data. */
export interface Subject {
  experiment: Experiment;
  adapter: Adapter;
  side: InputSide;
  model: T5TunedModel;
  tokenizer: TextTokenizer;
  train: TokenisedExample[];
  test: TokenisedExample[];
  /** the run as it was trained, its method in the graph */
  tuned: T5TunedModel;
  /** what an interrupted analysis of the same content had finished */
  memo?: Memo | undefined;
  /** the backbone again under another method or form */
  open: (options: Partial<ModelOptions>) => T5TunedModel;
  /**
   * `examples`: instead of the test split; `see`: looks behind each batch's predictions, the batch as it is before the
   * alteration
   */
  evaluate: (
    alter: Alter,
    options?: { examples?: readonly TokenisedExample[]; see?: ((seen: Seen, batch: Batch) => void) | undefined },
  ) => Promise<EvaluationResult>;
  release: () => Promise<void>;
}

const INPUT_SIDE = ["adept", "dept", "pt", "mpt"];

/** The backbone with its input altered on the way. */
class AlteredModel implements TunedModel {
  constructor(
    private readonly inner: T5TunedModel,
    private readonly side: InputSide,
    private readonly how: { alter: Alter; see: ((seen: Seen, batch: Batch) => void) | undefined },
  ) {}
  private altered(batch: Batch): Batch {
    return alteredBatch(batch, this.side, alterationOf(this.how.alter, batch));
  }
  private sees(batch: Batch): ((seen: Seen) => void) | undefined {
    const { see } = this.how;
    return (
      see &&
      ((seen) => {
        see(seen, batch);
      })
    );
  }
  step(): never {
    throw new Error("an altered input is not trained");
  }
  losses: TunedModel["losses"] = (_, batch) => this.inner.losses(new Map(), this.altered(batch));
  generate: TunedModel["generate"] = (_, batch, most) => this.inner.generate(new Map(), this.altered(batch), most);
  predict: TunedModel["predict"] = (_, batch, most) =>
    this.inner.predict(new Map(), this.altered(batch), most, this.sees(batch));
  scoreTargets: TunedModel["scoreTargets"] = (_, batch, targets) =>
    this.inner.scoreTargets(new Map(), this.altered(batch), targets, this.sees(batch));
  release(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * Opens a finished run for analysis.
 * @param limit most test examples @throws UserError for methods inside the backbone, which have no input side to alter
 */
export async function openSubject(experiment: Experiment, adapterPath: string, limit?: number): Promise<Subject> {
  const {
    method,
    training,
    engine,
    precision: { weights: precision },
  } = experiment;
  const folder = backboneFolder(experiment.backbone);
  if (!INPUT_SIDE.includes(method.kind))
    throw new UserError(
      `The method "${method.kind}" works inside the backbone: it has no offsets and no prompt to take away`,
      "Analyses are for ADePT, DePT, prompt tuning and MPT.",
    );
  const adapter = loadAdapter(adapterPath, backboneLayout(folder));
  const data = await loadTask(experiment.task);
  const tokenizer = loadTokenizer(folder);
  const opened: T5TunedModel[] = [];
  const open: Subject["open"] = (options) => {
    const made = T5TunedModel.open({
      folder,
      method,
      sizes: adapter.sizes,
      engine: engineHere(engine),
      precision,
      ...options,
    });
    opened.push(made);
    return made;
  };
  const model = open({ embedded: true });
  const tuned = open({});
  const side = { table: model.embedding, width: model.width, ...inputParts(adapter, model.embedding, model.width) };
  const test = await tokenise(
    data.test.slice(0, Math.min(limit ?? Infinity, training.testLimit ?? Infinity)),
    tokenizer,
    training,
  );
  const train = await tokenise(data.train, tokenizer, training);
  const options: EvaluationOptions = {
    maxTokens: training.maxTargetLength,
    decode: (ids) => tokenizer.decode(ids, true),
    scoring: { metrics: data.metrics, labels: data.labels },
    candidates: training.prediction === "labels" ? await candidatesOf(data.labels, tokenizer) : undefined,
  };
  return {
    experiment,
    adapter,
    side,
    model,
    tuned,
    open,
    tokenizer,
    train,
    test,
    release: async () => {
      for (const each of opened) await each.release();
    },
    evaluate: async (alter, { examples = test, see } = {}) => {
      const result = await evaluate(new AlteredModel(model, side, { alter, see }), new Map(), examples, options);
      if (result === undefined)
        throw new UserError("The run's task has no test examples", "Give task.test, or a fraction in task.split.");
      return result;
    },
  };
}
