import * as z from "zod";
import { Selection } from "./selection.ts";
import { ANALYSIS_NAMES } from "./analysisNames.ts";
import { EngineInput } from "../engine/engineSpec.ts";
import { ExecutorInput } from "./executorSpec.ts";
import { LearningRates } from "../method/learningRates.ts";
import { MethodInput } from "../method/methodSpec.ts";
import { encodingLabel } from "../base/text/encodingLabel.ts";
import { CommitId, RunId } from "../base/identifiers.ts";
import { PrecisionInput } from "../engine/precisionSpec.ts";
import { Seeds, Sweep, SweepPart } from "./sweepSpec.ts";
import { TASK_NAMES } from "./taskNames.ts";

const positive = z.number().int().positive();
/** A template, and a path; both are limited in length. */
const template = z.string().min(1).max(20_000);
const place = z.string().min(1).max(4096);
const fraction = z.number().min(0).lt(1);
const rate = z.number().nonnegative();

const shots = z
  .strictObject({
    k: positive.describe("Number of training examples, over all classes"),
    seed: z.number().int().nonnegative().optional().describe("Seed of the draw; by default the run's seed"),
    sampling: z
      .enum(["balanced", "official"])
      .default("balanced")
      .describe('"balanced": equally many examples of each class; "official": drawn as the official code does'),
  })
  .optional()
  .describe(
    "Few-shot: k training examples, equally many of each class; or drawn as the official code does, where the last example may be of any class and there may be fewer than k",
  );

const encoding = z
  .string()
  .max(40)
  .refine((name) => encodingLabel(name) !== undefined, 'is no encoding, such as "utf-8", "latin-1" or "utf-16"')
  .optional()
  .describe(
    "Encoding of the data files' text; by default UTF-8 or what their bytes say: UTF-16, or Latin-1 for Latin script",
  );
const skipBadRows = z
  .boolean()
  .optional()
  .describe(
    "Leave out rows that cannot be read or lack input or output, and say how many; otherwise they are an error",
  );

const Split = z.strictObject({
  validation: fraction.default(0.1).describe("Share held out for validation"),
  test: fraction.default(0.1).describe("Share held out for the test"),
  seed: z.number().int().default(42).describe("Seed of the split"),
});

const FileTask = z.strictObject({
  kind: z.literal("file"),
  shots,
  train: place.describe("Path of the training data (JSONL, CSV or TSV), relative to this file"),
  validation: place
    .optional()
    .describe("Path of the validation data; without it a seeded fraction of train is held out"),
  test: place.optional().describe("Path of the test data; without it a seeded fraction of train is held out"),
  source: template.describe('Template of the model\'s input, e.g. "premise: {premise} hypothesis: {hypothesis}"'),
  encoding,
  skipBadRows,
  target: template.describe('Template of the expected output, e.g. "{label}"'),
  split: Split.default({ validation: 0.1, test: 0.1, seed: 42 }).describe(
    "Fractions held out where no file is given, and the seed of the split",
  ),
});

const ChatTask = FileTask.pick({
  shots: true,
  train: true,
  validation: true,
  test: true,
  split: true,
  encoding: true,
  skipBadRows: true,
}).extend({
  kind: z.literal("chat"),
  system: template.optional().describe("System turn of conversations without one"),
  trainOn: z.enum(["all", "last"]).default("all").describe("The assistant turns that are trained"),
});

const MailTask = z.strictObject({
  kind: z.literal("mail"),
  shots,
  maxBodyCharacters: positive.default(600).describe("Characters of a mail's body that are read"),
  split: Split.default({ validation: 0.1, test: 0.1, seed: 42 }).describe(
    "Fractions held out, and the seed of the split",
  ),
});

const TextTask = z.strictObject({
  kind: z.literal("text"),
  folder: place.describe("Folder of .txt files, relative to this file; a paragraph a line"),
  label: z
    .string()
    .min(1)
    .max(500)
    .refine((text) => {
      try {
        new RegExp(text, "u");
        return true;
      } catch {
        return false;
      }
    }, "is not a regular expression")
    .optional()
    .describe(
      "A regular expression on the file's name; its first group is the label to predict, and files that do not match are left out. Without it, the task is to predict hidden words",
    ),
  shots,
  words: positive.min(12).default(60).describe("Number of words of an example"),
  perFile: positive.default(40).describe("Largest number of examples from one file"),
  corruption: z.number().gt(0).lt(1).default(0.15).describe("Share of the words that are hidden"),
  spanWords: z.number().min(1).default(3).describe("Mean length of a hidden span, in words"),
  split: Split.default({ validation: 0.1, test: 0.1, seed: 42 }).describe(
    "Fractions of the files held out, and the seed of split and spans",
  ),
});

const NamedTask = z.strictObject({
  kind: z.literal("named"),
  name: z
    .enum(TASK_NAMES)
    .describe("A task of the paper, or trec, gsm8k, squad: its template, labels and metrics are built in"),
  folder: place.describe("Folder with train, validation and test files (JSONL, TSV or CSV), relative to this file"),
  encoding,
  skipBadRows,
  targets: z.enum(["digits", "words"]).default("digits").describe("Labels as the official digits, or as their words"),
  split: z
    .enum(["given", "official"])
    .default("given")
    .describe(
      "The files' own splits, or the official code's: half of validation is the test, or 1,000 rows of train are validation",
    ),
  official: z
    .boolean()
    .default(false)
    .describe(
      "Repeat the official code where it errs: WinoGrande's first option twice, STS-B rounded to 0.1, only the first answer scored",
    ),
  solution: z
    .enum(["number", "worked", "plain"])
    .default("number")
    .describe(
      'gsm8k: what is answered: the number alone; "worked": the solution as published, with its calculator notes; "plain": without them',
    ),
  showTests: z.boolean().default(false).describe("mbpp: the text ends with the assertions that the code must pass"),
  runGeneratedCode: z
    .boolean()
    .default(false)
    .describe(
      "mbpp: run generated programs against their tests, in a sandbox (Linux with bubblewrap), for the metric pass@1",
    ),
  codeSamples: z
    .strictObject({
      count: positive
        .max(200)
        .default(1)
        .describe("Programs drawn for each example of the test split; 1: the greedy one"),
      temperature: z.number().gt(0).max(10).default(0.8).describe("Divides the logits"),
      topP: z.number().gt(0).max(1).default(0.95).describe("Share of probability that is drawn from"),
    })
    .prefault({})
    .describe("mbpp: programs drawn for pass@k (k = 1, 10 and 100, up to their number)"),
  shots,
});

/** The forms in which a decoder-only model reads an example. */
export const PromptFormInput = z.enum(["plain", "chat"]);

const Prompt = z.strictObject({
  form: PromptFormInput.optional().describe('By default "chat" for a chat task, else "plain"'),
  system: template.optional().describe("System turn before each example, in chat form"),
  template: template.optional().describe("Chat template (Jinja) instead of the model's own"),
  shots: z.number().int().nonnegative().max(64).default(0).describe("Solved examples before each evaluated one"),
});

const Training = z.strictObject({
  steps: positive.default(900).describe("Updates of the trainable tensors"),
  batchSize: positive.default(32).describe("Examples per batch"),
  accumulation: positive.default(1).describe("Batches whose gradients make one update"),
  maxSourceLength: positive.default(256).describe("Longest input in tokens; what is longer is cut"),
  maxTargetLength: positive.default(20).describe("Longest answer in tokens, trained on and generated"),
  learningRate: LearningRates.default({}).describe(
    "Peak rate of each group of tensors; the method's own default where none is given",
  ),
  warmup: z
    .number()
    .int()
    .nonnegative()
    .default(50)
    .describe("Steps over which the learning rates rise from 0; then they fall evenly"),
  optimizer: z
    .enum(["torch", "official"])
    .default("torch")
    .describe("AdamW as torch.optim.AdamW, or with eps before bias correction as the official code"),
  eps: z.number().positive().default(1e-6).describe("AdamW's epsilon"),
  weightDecay: rate.default(0).describe("AdamW's weight decay"),
  clip: rate.default(1).describe("Largest joint gradient norm; 0 switches clipping off"),
  evaluateEvery: positive
    .default(150)
    .describe("Steps between evaluations on the validation split; the checkpoint of the best one is kept"),
  validationLimit: positive.optional().describe("Largest number of validation examples per evaluation during training"),
  testLimit: positive.optional().describe("Largest number of test examples"),
  prediction: z
    .enum(["generate", "labels", "loss"])
    .default("generate")
    .describe(
      'How an evaluation predicts: greedy generation as published, or the task\'s likeliest label, which is faster and always a label; "loss": no predictions, the loss of the targets alone',
    ),
  checkpointEvery: positive.default(50).describe("Steps between checkpoints, from which an interrupted run is resumed"),
  selection: Selection.default("metric").describe(
    "What the checkpoint is chosen by on validation: the task's own first metric, the share of exact matches, or the loss",
  ),
  backboneDropout: fraction
    .default(0)
    .describe("Dropout of the frozen backbone in training, as the official code has at 0.1"),
});

/** One run, with nothing left to expand; what its directory keeps. */
export const ResolvedExperiment = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().min(1).max(300).describe("Name of the experiment's runs"),
  backbone: place
    .default("tiny-t5")
    .describe(
      '"tiny-t5" (embedded), or the path of the folder of a supported Hugging Face model or of a GGUF file, relative to this file',
    ),
  task: z
    .discriminatedUnion("kind", [FileTask, ChatTask, MailTask, TextTask, NamedTask])
    .describe("The task to train: your own files, conversations, a task of the paper, running text, or the sample"),
  prompt: Prompt.optional().describe("How decoder-only models read an example"),
  method: MethodInput,
  training: Training.default(() => Training.parse({})).describe("Settings of training"),
  seed: z
    .number()
    .int()
    .nonnegative()
    .default(0)
    .describe("Seed of initialisation, order and dropout: the same seed gives the same bits"),
  engine: EngineInput.default({ device: "auto", threads: 0, replicas: 0 }).describe(
    'The engine that computes: a device, or "auto"',
  ),
  precision: PrecisionInput.default({ weights: "fp32", compare: true }).describe(
    'Type that the frozen backbone is stored in: "fp32", or a narrower one to fit a small machine, on the processor',
  ),
  executor: ExecutorInput.optional().describe(
    'Where the runs are trained: "local" (default), or on a Slurm cluster; no part of what a reproduction compares',
  ),
  git: z.boolean().default(true).describe("Commit the run under refs/adept/runs"),
  analyses: z
    .array(z.enum(ANALYSIS_NAMES))
    .default([])
    .describe("Analyses made after the test evaluation; those that do not apply to the method are left out"),
  part: SweepPart.optional(),
  // Not strict: older runs also have paths here, which are no longer used.
  reproduces: z
    .object({ run: RunId, commit: CommitId.optional() })
    .optional()
    .describe("the run in the same folder that this one repeats, and the commit with its files"),
});

/** What the user writes in a *.adept.json file. Unknown keys are errors. */
export const ExperimentFile = ResolvedExperiment.omit({ part: true, reproduces: true }).extend({
  name: z.string().min(1).max(200).describe("Name of the experiment's runs"),
  method: MethodInput.optional().describe("The method; with sweep.methods it can be left out"),
  seeds: Seeds.optional(),
  sweep: Sweep.optional().describe('Several runs from this file, compared by "adept compare"'),
});

/** A parsed experiment with every default filled in; paths absolute once resolved. */
export type Experiment = z.output<typeof ResolvedExperiment>;
/** An experiment file's content, with defaults not filled in. */
export type ExperimentInput = z.input<typeof ExperimentFile>;
/** The task of an experiment. */
export type TaskSpec = Experiment["task"];
/** How an experiment writes an example as text for a decoder-only model. */
export type PromptSpec = NonNullable<Experiment["prompt"]>;
/** The training settings of an experiment. */
export type TrainingSpec = Experiment["training"];
