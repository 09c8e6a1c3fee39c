import type { Architecture } from "../../backbone/family.ts";
import { openBackbone } from "../../backbone/openBackbone.ts";
import { settled } from "../../engine/engineSpec.ts";
import type { Precision } from "../../engine/precisionSpec.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import type { MethodSizes } from "../../method/method.ts";
import { holdsOf } from "../../model/holding.ts";
import { forecastMemory, type MemoryForecast } from "../../model/memory/modelMemory.ts";
import { partTokensOn } from "../../model/layOut.ts";
import { methodOf } from "../../method/registry.ts";
import type { TokenisedExample } from "../batch/tokenisedExample.ts";
import { EVALUATED_ROWS } from "../evaluation.ts";
import { largestEvaluated, largestTrained } from "./largestParts.ts";

type Lengths = Pick<TokenisedExample, "ids" | "labels">;

/** What of a run decides on its memory; examples are cut to their lengths already. */
export interface NeedingRun {
  experiment: Experiment;
  backbone: { architecture: Architecture; bytes: number; storedBytes: number };
  sizes: MethodSizes;
  train: readonly Lengths[];
  evaluated: readonly Lengths[];
}

/** A change to a run: what is left out stays. */
export interface Change {
  copies: number;
  maxSourceLength?: number;
  batchSize?: number;
  spare?: boolean;
}

/** A backbone's shape, and the bytes of one of its weights on disk. @throws UserError where the folder is none */
export function backboneShape(folder: string): NeedingRun["backbone"] {
  const { weights, ...architecture } = openBackbone(folder);
  const values = architecture.layout.weights.reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b, 1), 0);
  // A file can hold a tied table twice, and other things besides: what lies in fewer bytes than fp32 is told by less
  // than three a value.
  return { architecture, bytes: weights.bytes, storedBytes: weights.bytes < 3 * values ? 2 : 4 };
}

/** Bytes of a matrix's value where it is held as an experiment asks for it; undefined: as in its file. */
const HELD: Readonly<Record<Precision, number | undefined>> = { fp32: undefined, fp16: 2, bf16: 2, int8: 1 };

/** What a run would take in memory with a change. */
export function memoryNeed(
  { experiment, backbone: { architecture, bytes, storedBytes }, sizes, train, evaluated }: NeedingRun,
  { copies, maxSourceLength: longest = Infinity, batchSize = experiment.training.batchSize, spare = false }: Change,
): MemoryForecast {
  const {
    method,
    seed,
    training,
    precision: { weights: precision },
  } = experiment;
  const engine = settled(experiment.engine);
  const { device } = engine;
  const holds = holdsOf({ device, memory: spare ? "spare" : engine.memory }, { precision, bytes, training: true });
  const hasPrompt = methodOf(method.kind)
    .tensors({ spec: method, sizes, layout: architecture.layout })
    .some(({ name }) => name === "prompt");
  const options = { prompt: hasPrompt ? sizes.promptLength : 0, longest };
  const trained = largestTrained(train, { batchSize, seed, partTokens: partTokensOn(device) }, options);
  return forecastMemory({
    architecture,
    holds,
    storedBytes: HELD[precision] ?? storedBytes,
    method,
    sizes,
    device,
    copies,
    trained,
    evaluated:
      evaluated.length > 0
        ? largestEvaluated(evaluated, { batchSize: EVALUATED_ROWS, copies }, options)
        : trained.slice(0, 1),
    generated: training.maxTargetLength,
    backboneDropout: training.backboneDropout > 0,
  });
}
