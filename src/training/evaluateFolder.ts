import { loadTokenizer } from "../backbone/tokenizer/tokenizer.ts";
import { EngineInput, settled, type EngineChoice } from "../engine/engineSpec.ts";
import { UserError } from "../base/errors.ts";
import { phrase, type Phrase } from "../base/phrase.ts";
import type { Precision } from "../engine/precisionSpec.ts";
import { loadAdapter, type Adapter } from "../adapter/adapterFolder.ts";
import { openTunedModel } from "../model/modelPool.ts";
import type { PromptForm } from "../experiment/checkPrompt.ts";
import { loadChatTask } from "../task/chat/loadChatTask.ts";
import { hasTurns } from "../task/chat/rowTurns.ts";
import type { Example } from "../task/example.ts";
import { sourceOf } from "../task/exampleSource.ts";
import { loadFileTask } from "../task/fileTask.ts";
import { firstRows } from "../task/rows/readRows.ts";
import { EVALUATE_SETTINGS, inOptions } from "./evaluateOptions.ts";
import { cutNotes } from "./batch/cutNotes.ts";
import { backboneLayout } from "./prepare.ts";
import { backboneFolder } from "../backbone/backboneFolder.ts";
import { encodeAll } from "./batch/exampleEncoder.ts";
import { openEncoder } from "./batch/openEncoder.ts";
import { promptShots } from "./batch/promptShots.ts";
import type { BackboneLayout } from "../backbone/layout.ts";
import { tooFewPositions } from "../method/positionNeed.ts";
import type { TokenisedExample } from "./batch/tokenisedExample.ts";
import { copiedWeights } from "./copiedWeights.ts";
import { UNWATCHED, type Preparing } from "./data/preparing.ts";
import { evaluate, type Prediction } from "./evaluation.ts";
import { readBackBy, readBackNotes } from "./readBack.ts";

/** Loss (nats per label token), metrics and predictions of a data file. */
export interface FolderEvaluation {
  loss: number;
  metrics: Record<string, number>;
  examples: Prediction[];
  /** What the user should know of the examples, such as how many were cut. */
  notes: readonly Phrase[];
}

/** The longest input in tokens, of a model that reads text and answer apart, and of one that reads them joined. */
const LONGEST = 256;
const LONGEST_JOINED = 4096;
const LONGEST_ANSWER = 512;
/** Bytes of a data file by which conversations are told from columns. */
const LOOKED_AT = 32e6;

/** Prompt tuning with an empty prompt, which equals the backbone without any adapter. */
const BARE: Adapter = {
  spec: { kind: "pt", promptInit: "random", initText: "" },
  sizes: { promptLength: 0, count: 0 },
  parameters: new Map(),
};

function bareAdapter(width: number): Adapter {
  return {
    ...BARE,
    parameters: new Map([["prompt", { name: "prompt", dims: [0, width], group: "prompt", data: new Float32Array(0) }]]),
  };
}

/**
 * Checks that an adapter has an offset for every place that the examples and their predictions take.
 * @throws UserError where its table has too few rows
 */
function checkPlaces(
  { spec }: Adapter,
  layout: BackboneLayout,
  examples: readonly TokenisedExample[],
  maxTokens: number,
): void {
  const text = Math.max(0, ...examples.map(({ ids }) => ids.length));
  const target = Math.max(maxTokens, ...examples.map(({ labels }) => labels.length));
  const few = tooFewPositions(spec, layout, { text, target });
  if (few !== undefined)
    throw new UserError(
      "examples-longer-than-positions",
      phrase`The longest example and prediction take ${few.needed} places, the adapter has offsets for ${few.rows}`,
      phrase`Evaluate shorter examples, lower --max-new-tokens, or train with more method.positions.`,
    );
}

/** How the rows of a data file are read. */
export interface DataOptions {
  data: string;
  /** Templates of input and target; by default the fields `input` and `target`. */
  source?: string | undefined;
  target?: string | undefined;
  /** The encoding of the file, if it is not to be found out. */
  encoding?: string | undefined;
  skipBadRows?: boolean | undefined;
}

/** The rows of a data file: templates of their fields, or of a decoder-only model conversations. */
async function folderExamples(
  { data, source, target, encoding, skipBadRows }: DataOptions,
  isCausal: boolean,
): Promise<{ task: { kind: "file" | "chat" }; examples: readonly Example[]; notes: readonly Phrase[] }> {
  const common = { train: data, split: { validation: 0, test: 0, seed: 0 }, encoding, skipBadRows };
  const isAsked = source !== undefined || target !== undefined;
  if (isCausal && !isAsked && (await firstRows(data, LOOKED_AT, encoding)).rows.some(hasTurns)) {
    const chat = await loadChatTask({ kind: "chat", trainOn: "last", ...common }, EVALUATE_SETTINGS.skip);
    return { task: { kind: "chat" }, examples: chat.train, notes: chat.notes ?? [] };
  }
  const file = await loadFileTask(
    { kind: "file", source: source ?? "{input}", target: target ?? "{target}", ...common },
    EVALUATE_SETTINGS,
  );
  return { task: { kind: "file" }, examples: file.train, notes: file.notes ?? [] };
}

/** What is evaluated, and how. */
export interface FolderOptions extends DataOptions {
  backbone: string;
  adapter: string | undefined;
  maxTokens: number;
  /** The most tokens of an input that are read; by default 256, of a decoder-only model 4,096. */
  maxSourceLength?: number | undefined;
  /** How a decoder-only model reads an example; by default "plain". */
  prompt?: PromptForm | undefined;
  /** Solved examples before each question of a decoder-only model: how many, drawn from which data file. */
  shots?: { count: number; data: string } | undefined;
  engine?: EngineChoice;
  precision?: Precision;
  /** Who is told how far copies of the weights are. */
  preparing?: Preparing;
}

/** Solved examples of another file, read as the options say, drawn with seed 0. */
async function shotsOf({ shots, ...options }: FolderOptions, isCausal: boolean): Promise<Example[]> {
  if (shots === undefined) return [];
  const { examples } = await folderExamples({ ...options, data: shots.data }, isCausal);
  if (examples.length < shots.count)
    throw new UserError(
      "shots-beyond-data",
      phrase`${shots.data} has ${examples.length} examples, --shots asks for ${shots.count}`,
    );
  return promptShots(sourceOf(examples), [], { prompt: { shots: shots.count }, seed: 0 });
}

/**
 * Evaluates a backbone, with or without an adapter, on a file with the fields `input` and `target`, or of
 * conversations; targets are generated greedily.
 * @throws UserError naming what is missing or wrong, by the options of `adept evaluate`
 */
export async function evaluateFolder(options: FolderOptions): Promise<FolderEvaluation> {
  try {
    return await evaluated(options);
  } catch (error) {
    throw inOptions(error);
  }
}

async function evaluated(options: FolderOptions): Promise<FolderEvaluation> {
  const folder = backboneFolder(options.backbone);
  const layout = backboneLayout(folder);
  const adapter = options.adapter === undefined ? bareAdapter(layout.width) : loadAdapter(options.adapter, layout);
  const { task, examples, notes: said } = await folderExamples(options, layout.isCausal);
  const tokenizer = loadTokenizer(folder, layout.vocabulary);
  const lengths = {
    maxSourceLength: options.maxSourceLength ?? (layout.isCausal ? LONGEST_JOINED : LONGEST),
    maxTargetLength: LONGEST_ANSWER,
  };
  const prompt = { form: options.prompt, shots: options.shots?.count ?? 0 };
  const encoder = openEncoder({ folder, isCausal: layout.isCausal, tokenizer }, { task, prompt }, lengths);
  const encoded = await encodeAll(examples, encoder.withShots(await shotsOf(options, layout.isCausal)));
  const readBack = readBackBy(encoder, tokenizer);
  checkPlaces(adapter, layout, encoded, options.maxTokens);
  const weights = options.precision ?? "fp32";
  await copiedWeights({ backbone: options.backbone, precision: { weights } }, options.preparing ?? UNWATCHED);
  const model = await openTunedModel({
    folder,
    method: adapter.spec,
    sizes: adapter.sizes,
    engine: settled(options.engine ?? EngineInput.parse({})),
    ...(options.precision && { precision: options.precision }),
  });
  try {
    const result = await evaluate(model, adapter.parameters, encoded, {
      maxTokens: options.maxTokens,
      decode: (ids) => tokenizer.decode(ids),
      scoring: { metrics: [], labels: [], readBack },
    });
    if (result === undefined) throw new UserError("data-without-examples", phrase`${options.data} has no examples`);
    const notes = await readBackNotes(sourceOf(examples).counted() ?? [], [], readBack);
    notes.push(
      ...cutNotes({ test: encoded }, lengths, {
        isJoined: layout.isCausal,
        keys: { source: "--max-source-length", target: phrase`the longest that is scored` },
      }),
    );
    return { loss: result.loss, metrics: result.metrics, examples: result.predictions, notes: [...said, ...notes] };
  } finally {
    await model.release();
  }
}
