/**
 * What a model learns by tuning a prompt and a small network: "labels" are answers of a few words, "answers" whole
 * sentences.
 */
export type Learnt = "labels" | "answers";

/** A small model of the Hugging Face Hub that is known to work. */
export interface KnownModel {
  /** OWNER/NAME on the Hub. */
  readonly name: string;
  readonly modelType: string;
  readonly parameters: number;
  /** Bytes to download, about. */
  readonly bytes: number;
  readonly licence: string;
  readonly learns: readonly Learnt[];
}

const MB = 1e6;
const APACHE = "Apache-2.0";
const LABELS: readonly Learnt[] = ["labels"];
const BOTH: readonly Learnt[] = ["labels", "answers"];

/** From the smallest to the largest. No terms have to be accepted for any of them. */
const KNOWN: readonly KnownModel[] = [
  {
    name: "google-t5/t5-small",
    modelType: "t5",
    parameters: 60_506_624,
    bytes: 242 * MB,
    licence: APACHE,
    learns: LABELS,
  },
  {
    name: "openai-community/gpt2",
    modelType: "gpt2",
    parameters: 124_439_808,
    bytes: 548 * MB,
    licence: "MIT",
    learns: LABELS,
  },
  {
    name: "HuggingFaceTB/SmolLM2-135M-Instruct",
    modelType: "llama",
    parameters: 134_515_008,
    bytes: 269 * MB,
    licence: APACHE,
    learns: BOTH,
  },
  {
    name: "EleutherAI/pythia-160m",
    modelType: "gpt_neox",
    parameters: 162_322_944,
    bytes: 375 * MB,
    licence: APACHE,
    learns: LABELS,
  },
  {
    name: "google-t5/t5-base",
    modelType: "t5",
    parameters: 222_903_552,
    bytes: 892 * MB,
    licence: APACHE,
    learns: LABELS,
  },
  {
    name: "HuggingFaceTB/SmolLM2-360M-Instruct",
    modelType: "llama",
    parameters: 361_821_120,
    bytes: 724 * MB,
    licence: APACHE,
    learns: BOTH,
  },
  {
    name: "Qwen/Qwen2.5-0.5B-Instruct",
    modelType: "qwen2",
    parameters: 494_032_768,
    bytes: 988 * MB,
    licence: APACHE,
    learns: BOTH,
  },
  {
    name: "Qwen/Qwen3-0.6B",
    modelType: "qwen3",
    parameters: 596_049_920,
    bytes: 1503 * MB,
    licence: APACHE,
    learns: BOTH,
  },
  {
    name: "HuggingFaceTB/SmolLM2-1.7B-Instruct",
    modelType: "llama",
    parameters: 1_711_376_384,
    bytes: 3423 * MB,
    licence: APACHE,
    learns: BOTH,
  },
];

/**
 * Bytes of memory that training takes, about: a line through what is forecast for short texts with SmolLM2-135M, -360M
 * and -1.7B and Llama-3.2-1B (1.9, 3.6, 11.9 and 10.3 GB). The forecast of an experiment is exact where the model is
 * here.
 */
export const memoryNeeded = ({ parameters }: Pick<KnownModel, "parameters">): number => 1e9 + 6.5 * parameters;

/** The known models of the given types, from the smallest to the largest. */
export const knownModels = (modelTypes: readonly string[]): readonly KnownModel[] =>
  KNOWN.filter(({ modelType }) => modelTypes.includes(modelType));

/**
 * The smallest of the models that learns such data and fits the memory; undefined where none does.
 * @param available bytes that are free
 */
export const recommendedModel = (
  models: readonly KnownModel[],
  { learns, available }: { learns: Learnt; available: number },
): KnownModel | undefined => models.find((each) => each.learns.includes(learns) && memoryNeeded(each) <= available);
