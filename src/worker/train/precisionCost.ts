import type { BackboneLayout } from "../../backbone/layout.ts";
import { settled } from "../../engine/engineSpec.ts";
import type { NewRunEvent } from "../../record/events.ts";
import type { PrecisionCost } from "../../record/record.ts";
import { openTunedModel, type ModelPool } from "../../model/modelPool.ts";
import { firstExamples } from "../../training/batch/exampleList.ts";
import { evaluate, type EvaluationResult } from "../../training/evaluation.ts";
import type { Parameters } from "../../method/parameters.ts";
import type { Prepared } from "../../training/prepare.ts";

/** The number of examples that are compared. */
const SAMPLE = 64;
/** A small batch, so that both models fit where the run does. */
const ROWS = 16;

/** The engine that is compared with: fp32 products, and weights that are mapped without a copy. */
const EXACT = { memory: "spare", compute: "fp32" } as const;

/** Bytes of a backbone's tensors in fp32, whatever type its file has. */
const wideBytes = ({ weights }: BackboneLayout): number =>
  weights.reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b, 4), 0);

/**
 * Compares loss and predictions of a run with a narrow backbone, or with products in bf16, and those with fp32 weights
 * and products, on a sample of validation. The models are opened one after the other; fp32 weights are memory-mapped,
 * without a copy.
 * @returns undefined where weights and products are fp32, there is nothing to compare on, or a stop was requested
 */
export async function precisionCost(
  prepared: Prepared,
  parameters: Parameters,
  { label, stopRequested }: { label: PrecisionCost["label"]; stopRequested: () => boolean },
): Promise<Extract<NewRunEvent, { type: "precision" }> | undefined> {
  const {
    experiment: {
      precision: { weights },
      engine,
      method,
      training,
    },
    model,
    folder,
    sizes,
  } = prepared;
  const split = prepared.validation.length > 0 ? "validation" : "train";
  const { compute } = settled(engine);
  if (weights === "fp32" && compute !== "bf16") return undefined;
  const examples = firstExamples(prepared[split], SAMPLE);
  const of = async (pool: ModelPool): Promise<EvaluationResult | undefined> => {
    try {
      return await evaluate(pool, parameters, examples, {
        maxTokens: training.maxTargetLength,
        decode: prepared.decode,
        candidates: prepared.candidates,
        scoring: prepared.scoring,
        batchSize: ROWS,
        stopRequested,
      });
    } finally {
      await pool.release();
    }
  };
  const own = await of(model);
  if (own === undefined) return undefined;
  const wide = await of(await openTunedModel({ folder, method, sizes, engine: { ...settled(engine), ...EXACT } }));
  if (wide === undefined) return undefined;
  const same = own.predictions.filter(({ prediction }, i) => prediction === wide.predictions[i]!.prediction).length;
  return {
    type: "precision",
    weights,
    ...(compute === "bf16" && { compute }),
    label,
    split,
    examples: examples.length,
    loss: own.loss,
    wideLoss: wide.loss,
    same,
    bytes: model.weightBytes,
    wideBytes: wideBytes(model.layout),
  };
}
