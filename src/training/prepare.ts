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
import { requireLabels } from "../task/labels.ts";
import { majorityShare } from "../task/metric/majorityShare.ts";
import { backboneFolder } from "../backbone/backboneFolder.ts";
import { mixSeed } from "../base/mixSeed.ts";
import { copiedWeights } from "./copiedWeights.ts";
import type { ExampleEncoder } from "./batch/exampleEncoder.ts";
import { promptRows } from "../method/prompt.ts";
import { methodOf } from "../method/registry.ts";
import { openEncoder } from "./batch/openEncoder.ts";
import { dataNotes } from "./data/dataNotes.ts";
import type { ExampleList } from "./batch/exampleList.ts";
import { tokenCounts } from "./batch/tokenCounts.ts";
import type { LoadedData, ReadingModel } from "./data/loadedData.ts";
import { openData } from "./data/openData.ts";
import { UNWATCHED, type Preparing } from "./data/preparing.ts";
import type { Candidates, CodeSamples, Scoring } from "./evaluation.ts";
import { readBackBy } from "./readBack.ts";
import type { Parameters } from "../method/parameters.ts";

/** Which of a run's seeds draws programs. */
const CODE_SEED = 7;

/** The parts of a training run, loaded and checked. */
export interface Prepared {
  experiment: Experiment;
  folder: string;
  model: ModelPool;
  sizes: MethodSizes;
  initial: Parameters;
  train: ExampleList;
  validation: ExampleList;
  test: ExampleList;
  /** Bytes that the examples take in memory, about. */
  dataBytes: number;
  /** Closes the files that the examples are read from. */
  closeData: () => Promise<void>;
  /** Accuracy on the test split of always predicting the commonest training target, 0..1. */
  majority: number;
  /** The task's metrics, the first of which chooses the checkpoint, its labels, and how targets are compared. */
  scoring: Scoring;
  /** The labels to choose among, where the experiment sets training.prediction to "labels". */
  candidates: Candidates | undefined;
  /** Runs generated code, if the experiment switches that on. */
  passRate: PassRate | undefined;
  /** The programs that the test split's pass@k is computed of, where it is not the greedy one alone. */
  codeSamples: CodeSamples | undefined;
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

/** What reads texts for an experiment's backbone. */
export interface OpenedReading extends ReadingModel {
  sizes: MethodSizes;
}

/** @throws UserError where the backbone or its tokenizer cannot be used, or cannot read what the experiment asks for */
export function openReading(experiment: Experiment): OpenedReading {
  const folder = backboneFolder(experiment.backbone);
  const layout = backboneLayout(folder);
  checkPositions(experiment, layout);
  const { isCausal, vocabulary } = layout;
  const tokenizer = loadTokenizer(folder, vocabulary);
  const encoder = openEncoder({ folder, isCausal, tokenizer }, experiment, experiment.training);
  return { folder, isCausal, vocabulary, tokenizer, encoder, sizes: resolveSizes(experiment.method, layout) };
}

/**
 * Opens the model that an experiment describes, with its parameters at step 0 (a pure function of the experiment).
 * @param training whether the model is opened for training, where steps are frequent and predictions rare
 * @param train the training split, for a method that counts its tokens
 */
export async function openExperimentModel(
  experiment: Experiment,
  training = false,
  reading = openReading(experiment),
  train?: ExampleList,
): Promise<
  Pick<Prepared, "model" | "sizes" | "initial" | "folder"> & { tokenizer: TextTokenizer; encoder: ExampleEncoder }
> {
  const {
    method,
    seed,
    engine,
    precision: { weights: precision },
  } = experiment;
  const { folder, sizes, tokenizer, encoder } = reading;
  const model = await openTunedModel({ folder, method, sizes, engine: settled(engine), precision, training });
  const promptIds = await tokenizer.encodeIds("initText" in method ? method.initText : "");
  const source = {
    embedding: (id: number) => model.embeddings.row(id),
    width: model.layout.width,
    vocabularySize: model.layout.vocabulary,
    promptIds,
    weight: (name: string, dims: readonly number[]) => model.weight(name, dims),
    ...(train !== undefined && { tokenCounts: () => tokenCounts(train, model.layout) }),
  };
  const drawn = initialise(model.shape, source, new MersenneTwister(mixSeed(seed, 4)));
  return { folder, model, sizes, tokenizer, encoder, initial: warmStart(drawn, method.source, model.shape) };
}

/**
 * Tokenises the labels to choose among.
 * @throws UserError where the task has fewer than two
 */
export async function candidatesOf(labels: readonly string[], encoder: ExampleEncoder): Promise<Candidates> {
  requireLabels(labels);
  return { texts: labels, ids: await Promise.all(labels.map((label) => encoder.answer(label))) };
}

/**
 * Loads the data, the tokenizer and the model of an experiment.
 * @throws UserError where any of them is missing or damaged, or needs what this engine lacks; PreparationStopped
 */
export async function prepare(experiment: Experiment, preparing: Preparing = UNWATCHED): Promise<Prepared> {
  const reading = openReading(experiment);
  const data = await openData(experiment, reading, { preparing });
  try {
    return await prepared(experiment, reading, data, preparing);
  } catch (error) {
    await data.close();
    throw error;
  }
}

/** How generated code is run, if the experiment switches that on. */
function codeRuns({ task, seed }: Experiment): Pick<Prepared, "passRate" | "codeSamples"> {
  if (task.kind !== "named" || task.name !== "mbpp" || !task.runGeneratedCode)
    return { passRate: undefined, codeSamples: undefined };
  const { codeSamples } = task;
  return {
    passRate: new PassRate(),
    codeSamples: codeSamples.count > 1 ? { ...codeSamples, seed: mixSeed(seed, CODE_SEED) } : undefined,
  };
}

async function prepared(
  experiment: Experiment,
  reading: OpenedReading,
  data: LoadedData,
  preparing: Preparing,
): Promise<Prepared> {
  const { training } = experiment;
  await copiedWeights(experiment, preparing);
  const { tokenizer, encoder, ...opened } = await openExperimentModel(experiment, true, reading, data.lists.train);
  const { isCausal, longest } = opened.model.layout;
  const readBack = readBackBy(data.asked, tokenizer);
  const prompt = promptRows(methodOf(experiment.method.kind).tensors(opened.model.shape));
  const { lists, texts, labels, metrics } = data;
  const notes = await dataNotes(experiment, data, { readBack, isCausal, longest, prompt }, preparing);
  // What the threads hold is free for training.
  await data.endThreads();
  return {
    experiment,
    ...opened,
    ...lists,
    dataBytes: data.bytes,
    notes,
    scoring: { metrics, labels, readBack },
    majority: lists.test.length > 0 ? await majorityShare(texts.test, texts.train, readBack) : 0,
    candidates: training.prediction === "labels" ? await candidatesOf(labels, encoder) : undefined,
    ...codeRuns(experiment),
    decode: (ids) => tokenizer.decode(ids, true),
    closeData: data.close,
  };
}
