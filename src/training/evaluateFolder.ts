import { loadTokenizer } from "../backbone/tokenizer/tokenizer.ts";
import { EngineInput, settled, type EngineChoice } from "../engine/engineSpec.ts";
import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import type { Precision } from "../engine/precisionSpec.ts";
import { loadAdapter, type Adapter } from "../adapter/adapterFolder.ts";
import { openTunedModel } from "../model/modelPool.ts";
import type { PromptForm } from "../experiment/checkPrompt.ts";
import { loadFileTask } from "../task/fileTask.ts";
import { backboneLayout } from "./prepare.ts";
import { backboneFolder } from "../backbone/backboneFolder.ts";
import { encodeAll } from "./batch/exampleEncoder.ts";
import { openEncoder } from "./batch/openEncoder.ts";
import type { BackboneLayout } from "../backbone/layout.ts";
import { tooFewPositions } from "../method/positionNeed.ts";
import type { TokenisedExample } from "./batch/tokenisedExample.ts";
import { evaluate, type Prediction } from "./evaluation.ts";

/** Loss (nats per label token), metrics and predictions of a data file. */
export interface FolderEvaluation {
  loss: number;
  metrics: Record<string, number>;
  examples: Prediction[];
}

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

/**
 * Evaluates a backbone, with or without an adapter, on a file with the fields `input` and `target`; targets are
 * generated greedily.
 * @throws UserError naming what is missing or wrong
 */
export async function evaluateFolder(options: {
  backbone: string;
  adapter: string | undefined;
  data: string;
  maxTokens: number;
  maxSourceLength: number;
  /** How a decoder-only model reads an example; by default "plain". */
  prompt?: PromptForm | undefined;
  engine?: EngineChoice;
  precision?: Precision;
}): Promise<FolderEvaluation> {
  const folder = backboneFolder(options.backbone);
  const layout = backboneLayout(folder);
  const adapter = options.adapter === undefined ? bareAdapter(layout.width) : loadAdapter(options.adapter, layout);
  const task = {
    kind: "file",
    train: options.data,
    source: "{input}",
    target: "{target}",
    split: { validation: 0, test: 0, seed: 0 },
  } as const;
  const { train: examples } = await loadFileTask(task);
  const tokenizer = loadTokenizer(folder, layout.vocabulary);
  const encoder = openEncoder(
    { folder, isCausal: layout.isCausal, tokenizer },
    { task, prompt: options.prompt === undefined ? undefined : { form: options.prompt, shots: 0 } },
    { maxSourceLength: options.maxSourceLength, maxTargetLength: 512 },
  );
  const encoded = await encodeAll(examples, encoder);
  checkPlaces(adapter, layout, encoded, options.maxTokens);
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
    });
    if (result === undefined) throw new UserError("data-without-examples", phrase`${options.data} has no examples`);
    return { loss: result.loss, metrics: result.metrics, examples: result.predictions };
  } finally {
    await model.release();
  }
}
