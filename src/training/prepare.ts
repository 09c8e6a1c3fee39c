import { loadTokenizer, type TextTokenizer } from "../backbone/tokenizer/tokenizer.ts";
import { settled } from "../engine/engineSpec.ts";
import { UserError } from "../base/errors.ts";
import { phrase, type Phrase } from "../base/phrase.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { MersenneTwister } from "../base/random.ts";
import { initialise } from "../model/initialise.ts";
import { warmStart } from "../adapter/warmStart.ts";
import { tooFewPositions } from "../method/positionNeed.ts";
import { resolveSizes, type MethodSizes } from "../method/sizes.ts";
import { openTunedModel, type ModelPool } from "../model/modelPool.ts";
import { openBackbone } from "../backbone/openBackbone.ts";
import type { BackboneLayout } from "../backbone/layout.ts";
import { PassRate } from "../task/code/passRate.ts";
import { loadTask } from "../task/loadTask.ts";
import { majorityShare } from "../task/metric/majorityShare.ts";
import { backboneFolder } from "../backbone/backboneFolder.ts";
import { mixSeed } from "../base/mixSeed.ts";
import { encodeAll, type ExampleEncoder } from "./batch/exampleEncoder.ts";
import { cutNotes } from "./batch/cutNotes.ts";
import { cutTargetNotes } from "./batch/cutTargets.ts";
import { longestNotes } from "./batch/longestNotes.ts";
import { promptRows } from "../method/prompt.ts";
import { methodOf } from "../method/registry.ts";
import { openEncoder } from "./batch/openEncoder.ts";
import { promptShots } from "./batch/promptShots.ts";
import type { TokenisedExample } from "./batch/tokenisedExample.ts";
import type { Candidates, Scoring } from "./evaluation.ts";
import { readBackBy, readBackNotes } from "./readBack.ts";
import { reviewNotes } from "./reviewNotes.ts";
import type { Parameters } from "../method/parameters.ts";

/** The parts of a training run, loaded and checked. */
export interface Prepared {
  experiment: Experiment;
  folder: string;
  model: ModelPool;
  sizes: MethodSizes;
  initial: Parameters;
  train: TokenisedExample[];
  validation: TokenisedExample[];
  test: TokenisedExample[];
  /** Accuracy on the test split of always predicting the commonest training target, 0..1. */
  majority: number;
  /** The task's metrics, the first of which chooses the checkpoint, its labels, and how targets are compared. */
  scoring: Scoring;
  /** The labels to choose among, where the experiment sets training.prediction to "labels". */
  candidates: Candidates | undefined;
  /** Runs generated code, if the experiment switches that on. */
  passRate: PassRate | undefined;
  decode: (ids: number[]) => Promise<string>;
  /** What the user should know of the examples, such as how many were cut. */
  notes: readonly Phrase[];
}

/**
 * The layout of the backbone in a folder.
 * @throws UserError where the folder holds no backbone
 */
export function backboneLayout(folder: string): BackboneLayout {
  return openBackbone(folder).layout;
}

/**
 * Checks that texts, in a causal model with their targets, are no longer than the method's position table.
 * @throws UserError where they may be
 */
export function checkPositions({ method, training }: Experiment, layout: BackboneLayout): void {
  const { maxSourceLength: text, maxTargetLength: target } = training;
  const few = tooFewPositions(method, layout, { text, target });
  if (few === undefined) return;
  throw layout.isCausal
    ? new UserError(
        "sequence-longer-than-positions",
        phrase`training.maxSourceLength and training.maxTargetLength: ${text} and ${target} tokens do not fit the ${few.rows} rows of method.positions`,
        phrase`Raise method.positions to ${few.needed}, or lower training.maxSourceLength.`,
      )
    : new UserError(
        "source-longer-than-positions",
        phrase`training.maxSourceLength: ${text} tokens do not fit the ${few.rows} rows of method.positions`,
        phrase`Raise method.positions, or lower training.maxSourceLength.`,
      );
}

/**
 * Opens the model that an experiment describes, with its parameters at step 0 (a pure function of the experiment).
 * @param training whether the model is opened for training, where steps are frequent and predictions rare
 */
export async function openExperimentModel(
  experiment: Experiment,
  training = false,
): Promise<
  Pick<Prepared, "model" | "sizes" | "initial" | "folder"> & { tokenizer: TextTokenizer; encoder: ExampleEncoder }
> {
  const folder = backboneFolder(experiment.backbone);
  const {
    method,
    seed,
    engine,
    precision: { weights: precision },
  } = experiment;
  const layout = backboneLayout(folder);
  checkPositions(experiment, layout);
  const sizes = resolveSizes(method, layout);
  const tokenizer = loadTokenizer(folder, layout.vocabulary);
  const encoder = openEncoder({ folder, isCausal: layout.isCausal, tokenizer }, experiment, experiment.training);
  const model = await openTunedModel({ folder, method, sizes, engine: settled(engine), precision, training });
  const promptIds = await tokenizer.encodeIds("initText" in method ? method.initText : "");
  const source = {
    embedding: model.embedding,
    width: model.layout.width,
    vocabularySize: model.layout.vocabulary,
    promptIds,
    weight: (name: string, dims: readonly number[]) => model.weight(name, dims),
  };
  return {
    folder,
    model,
    sizes,
    tokenizer,
    encoder,
    initial: warmStart(
      initialise(model.shape, source, new MersenneTwister(mixSeed(seed, 4))),
      method.source,
      model.shape,
    ),
  };
}

/**
 * Tokenises the labels to choose among.
 * @throws UserError where the task has fewer than two
 */
export async function candidatesOf(labels: readonly string[], encoder: ExampleEncoder): Promise<Candidates> {
  if (labels.length < 2)
    throw new UserError(
      "label-prediction-without-labels",
      phrase`training.prediction: "labels" needs a task with 2 to 50 different targets`,
      phrase`Use "generate" for a task of free text.`,
    );
  return { texts: labels, ids: await Promise.all(labels.map((label) => encoder.answer(label))) };
}

/**
 * Loads the data, the tokenizer and the model of an experiment.
 * @throws UserError where any of them is missing or damaged, or needs what this engine lacks
 */
export async function prepare(experiment: Experiment): Promise<Prepared> {
  const { training } = experiment;
  const data = await loadTask(experiment.task);
  if (data.train.length === 0)
    throw new UserError(
      "training-examples-missing",
      phrase`The training split has no examples.`,
      phrase`Give more data, or lower the fractions in task.split.`,
    );
  const { tokenizer, encoder, ...opened } = await openExperimentModel(experiment, true);
  const asked = encoder.withShots(promptShots(data, experiment));
  const evaluated = (examples: typeof data.train, limit?: number): Promise<TokenisedExample[]> =>
    encodeAll(examples.slice(0, limit ?? examples.length), asked);
  const train = await encodeAll(data.train, encoder);
  const validation = await evaluated(data.validation, training.validationLimit);
  const test = await evaluated(data.test, training.testLimit);
  const readBack = readBackBy(asked, tokenizer);
  const read = (examples: readonly { target: string }[]): Promise<string[]> =>
    Promise.all(examples.map(({ target }) => readBack(target)));
  const targets = [...validation, ...test].map(({ target }) => target);
  return {
    experiment,
    ...opened,
    train,
    validation,
    test,
    notes: [
      ...(data.notes ?? []),
      ...(await reviewNotes(experiment, data, readBack)),
      ...(await readBackNotes(targets, data.labels, readBack)),
      ...cutNotes({ train, validation, test }, training, { isJoined: opened.model.layout.isCausal }),
      ...cutTargetNotes([...train, ...validation, ...test], training.maxTargetLength),
      ...longestNotes([...train, ...validation, ...test], {
        longest: opened.model.layout.longest,
        prompt: promptRows(methodOf(experiment.method.kind).tensors(opened.model.shape)),
        isCausal: opened.model.layout.isCausal,
      }),
    ],
    scoring: { metrics: data.metrics, labels: data.labels, readBack },
    majority: test.length > 0 ? majorityShare(await read(test), await read(data.train)) : 0,
    candidates: training.prediction === "labels" ? await candidatesOf(data.labels, encoder) : undefined,
    passRate:
      experiment.task.kind === "named" && experiment.task.name === "mbpp" && experiment.task.runGeneratedCode
        ? new PassRate()
        : undefined,
    decode: (ids) => tokenizer.decode(ids, true),
  };
}
