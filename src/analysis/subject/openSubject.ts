import { methodOf } from "../../method/registry.ts";
import { AlteredModel } from "./alteredModel.ts";
import type { Subject } from "./subject.ts";
import { endTokens } from "../../backbone/generationConfig.ts";
import type { BackboneLayout } from "../../backbone/layout.ts";
import { readTokenizerConfig } from "../../backbone/tokenizer/tokenizerConfig.ts";
import { loadTokenizer, type TextTokenizer } from "../../backbone/tokenizer/tokenizer.ts";
import { engineHere } from "../../engine/device/devicesHere.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { UserError } from "../../base/errors.ts";
import { loadAdapter, type Adapter } from "../../adapter/adapterFolder.ts";
import { phrase } from "../../base/phrase.ts";
import { inputParts } from "../../adapter/fold.ts";
import { LocalModel } from "../../model/localModel.ts";
import { backboneFolder } from "../../backbone/backboneFolder.ts";
import type { ExampleEncoder } from "../../training/batch/exampleEncoder.ts";
import { openEncoder } from "../../training/batch/openEncoder.ts";
import { firstExamples, someExamples } from "../../training/batch/exampleList.ts";
import type { LoadedData } from "../../training/data/loadedData.ts";
import { openData } from "../../training/data/openData.ts";
import { evaluate, type EvaluationOptions } from "../../training/evaluation.ts";
import { backboneLayout, candidatesOf } from "../../training/prepare.ts";
import { readBackBy } from "../../training/readBack.ts";

/** Returns functions that open models on a run's backbone and that release all of them. */
function modelOpener(
  { method, engine, precision: { weights: precision } }: Experiment,
  folder: string,
  { sizes }: Adapter,
): Pick<Subject, "open" | "release"> {
  const opened: LocalModel[] = [];
  return {
    open: (options) => {
      const made = LocalModel.open({ folder, method, sizes, engine: engineHere(engine), precision, ...options });
      opened.push(made);
      return made;
    },
    release: async () => {
      for (const each of opened) await each.release();
    },
  };
}

/** The options by which the run itself predicts and is scored. */
const evaluationOptions = async (
  { training }: Experiment,
  { metrics, labels }: LoadedData,
  { tokenizer, encoder }: { tokenizer: TextTokenizer; encoder: ExampleEncoder },
): Promise<EvaluationOptions> => ({
  maxTokens: training.maxTargetLength,
  decode: (ids) => tokenizer.decode(ids, true),
  scoring: { metrics, labels, readBack: readBackBy(encoder, tokenizer) },
  candidates: training.prediction === "labels" ? await candidatesOf(labels, encoder) : undefined,
});

/** Training examples by which analyses know the texts; of more, as many at even distances. */
const MOST_TRAINING = 50_000;

/** The special tokens of an encoder-decoder: padding, end of sequence and unknown. */
const FIRST_IDS: ReadonlySet<number> = new Set([0, 1, 2]);

/**
 * The tokens that stand for no text, and padding. Of a causal model: the tokenizer's special tokens and the rows of the
 * embedding that no token has, and the token that the tokenizer names as padding, else as end.
 */
function textlessTokens(
  folder: string,
  { isCausal, vocabulary }: BackboneLayout,
  tokenizer: TextTokenizer,
): Pick<Subject, "special" | "pad"> {
  if (!isCausal) return { special: FIRST_IDS, pad: 0 };
  const { specialTokens } = readTokenizerConfig(folder);
  const named = specialTokens["pad_token"];
  const unused = Array.from({ length: vocabulary }, (_, id) => id).filter((id) => tokenizer.piece(id) === "");
  return {
    special: new Set([...tokenizer.special, ...unused]),
    pad: (named === undefined ? undefined : tokenizer.idOf(named)) ?? endTokens(folder)[0] ?? 0,
  };
}

/**
 * Opens a finished run for analysis.
 * @param limit the largest number of test examples; the run's own limit applies too
 * @throws UserError for methods inside the backbone, which have no input side to alter
 */
export async function openSubject(experiment: Experiment, adapterPath: string, limit?: number): Promise<Subject> {
  const { method, training } = experiment;
  const folder = backboneFolder(experiment.backbone);
  if (!methodOf(method.kind).isInputSide)
    throw new UserError(
      "method-inside-backbone",
      phrase`The method "${method.kind}" works inside the backbone: it has no offsets and no prompt to take away`,
      phrase`Analyses are for ADePT, DePT, prompt tuning and MPT.`,
    );
  const layout = backboneLayout(folder);
  const adapter = loadAdapter(adapterPath, layout);
  const { isCausal, vocabulary } = layout;
  const tokenizer = loadTokenizer(folder, vocabulary);
  const encoder = openEncoder({ folder, isCausal, tokenizer }, experiment, training);
  const tested = { ...training, testLimit: Math.min(limit ?? Infinity, training.testLimit ?? Infinity) };
  const data = await openData(
    { ...experiment, training: tested },
    { folder, isCausal, vocabulary, tokenizer, encoder },
  );
  await data.endThreads();
  const { open, release } = modelOpener(experiment, folder, adapter);
  const model = open({ inputEmbeddings: true });
  const tuned = open({});
  const side = {
    table: model.embeddings,
    width: model.width,
    isCausal,
    answersAreRaw: isCausal && methodOf(method.kind).offsets?.(method).scope?.generation === "text",
    ...inputParts(adapter, model.embeddings),
  };
  const test = firstExamples(data.lists.test, data.lists.test.length);
  const train = someExamples(data.lists.train, MOST_TRAINING);
  const options = await evaluationOptions(experiment, data, { tokenizer, encoder });
  return {
    experiment,
    adapter,
    side,
    ...textlessTokens(folder, layout, tokenizer),
    model,
    tuned,
    open,
    tokenizer,
    train,
    test,
    release: async () => {
      await release();
      await data.close();
    },
    evaluate: async (alter, { examples = test, observe } = {}) => {
      const result = await evaluate(new AlteredModel(model, side, { alter, observe }), new Map(), examples, options);
      if (result === undefined)
        throw new UserError(
          "test-examples-missing",
          phrase`The run's task has no test examples`,
          phrase`Give task.test, or a fraction in task.split.`,
        );
      return result;
    },
  };
}
