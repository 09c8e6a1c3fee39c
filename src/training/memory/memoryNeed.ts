import type { Architecture } from "../../backbone/family.ts";
import { openBackbone } from "../../backbone/openBackbone.ts";
import { settled } from "../../engine/engineSpec.ts";
import type { Precision } from "../../engine/precisionSpec.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import type { MethodSizes } from "../../method/sizes.ts";
import { weightAccess, type ProgramAccess } from "../../model/weightAccess.ts";
import { forecastMemory, type MemoryForecast } from "../../model/memory/modelMemory.ts";
import { partTokensOn } from "../../model/copyPlan.ts";
import { promptRows } from "../../method/prompt.ts";
import { methodOf } from "../../method/registry.ts";
import { EVALUATED_ROWS } from "../evaluation.ts";
import { largestEvaluated, largestTrained } from "./largestParts.ts";
import type { ExampleLengths } from "./largestShapes.ts";

/** The values that a run's memory depends on; examples are already cut to their lengths. */
export interface MemoryInput {
  experiment: Experiment;
  backbone: {
    architecture: Architecture;
    /** Bytes of all weights on disk. */
    bytes: number;
    /** Bytes of one value on disk. */
    storedBytes: number;
    /** Whether weights are levels with scales. */
    hasLevels: boolean;
  };
  sizes: MethodSizes;
  train: readonly ExampleLengths[];
  evaluated: readonly ExampleLengths[];
  /** Whether PyTorch, where it computes, does so on the processor; absent: it does. */
  torchOnProcessor?: boolean;
  /** Bytes that the examples take in memory. */
  dataBytes?: number;
}

/** A change to a run; a setting that is left out stays. */
export interface MemoryChange {
  /** Copies of the model. */
  copies: number;
  maxSourceLength?: number;
  batchSize?: number;
  /** Whether no copies of the weights are made, as with `"engine": { "memory": "spare" }`. */
  spare?: boolean;
  /** Whether the backward pass computes each layer a second time, whatever the experiment says. */
  recomputed?: boolean;
}

/**
 * The shape of a backbone, its bytes, and the bytes of one of its weights on disk.
 * @throws UserError where the folder holds no backbone
 */
export function backboneShape(folder: string): MemoryInput["backbone"] {
  const { weights, ...architecture } = openBackbone(folder);
  const values = architecture.layout.weights.reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b, 1), 0);
  const { bytes, hasLevels } = weights;
  // A file may hold a tied table twice, and other data besides, so fewer than three bytes a value mean half precision.
  const floatBytes = bytes < 3 * values ? 2 : 4;
  return { architecture, bytes, storedBytes: hasLevels ? bytes / values : floatBytes, hasLevels };
}

/** Bytes of one value of a matrix in each precision; undefined: as in its file. */
const STORED_BYTES: Readonly<Record<Precision, number | undefined>> = {
  fp32: undefined,
  fp16: 2,
  bf16: 2,
  int8: 1,
  int4: 5 / 8,
  "int4-asym": 6 / 8,
};

/** Whether an experiment asks for the least memory: each layer is then computed a second time. */
export const asksForLeast = ({ engine }: Experiment): boolean => settled(engine).memory === "least";

/** Whether a run's engine can compute layers a second time; those of other graphics processors were not tried. */
export const canRecompute = ({ engine }: Experiment): boolean => ["cpu", "torch"].includes(settled(engine).device);

/** Bytes of one value in a precision, over matrices and the embedding table, which is int8 in four bits. */
function bytesIn(precision: Precision, { architecture, storedBytes }: MemoryInput["backbone"]): number {
  const bytes = STORED_BYTES[precision];
  if (bytes === undefined || bytes >= 1) return bytes ?? storedBytes;
  const { weights } = architecture.layout;
  const values = (role?: string): number =>
    weights.reduce(
      (sum, each) => sum + (role === undefined || each.role === role ? each.dims.reduce((a, b) => a * b, 1) : 0),
      0,
    );
  const table = values("embedding") / values();
  return bytes * (1 - table) + table;
}

/** How the programs of a run read the frozen weights. @param spare as in MemoryChange */
export function accessOf(
  { experiment, backbone: { architecture, bytes, hasLevels } }: Pick<MemoryInput, "experiment" | "backbone">,
  spare = false,
): ProgramAccess {
  const { device, memory } = settled(experiment.engine);
  return weightAccess(
    { device, memory: spare ? "spare" : memory },
    {
      precision: experiment.precision.weights,
      hasLevels,
      bytes,
      isCausal: architecture.layout.isCausal,
      training: true,
    },
  );
}

/** Forecasts the memory of a run with a change. */
export function memoryNeed(
  { experiment, backbone, sizes, train, evaluated, dataBytes = 0, torchOnProcessor = true }: MemoryInput,
  {
    copies,
    maxSourceLength: longest = Infinity,
    batchSize = experiment.training.batchSize,
    spare = false,
    recomputed = asksForLeast(experiment),
  }: MemoryChange,
): MemoryForecast {
  const { architecture } = backbone;
  const {
    method,
    seed,
    training,
    precision: { weights: precision },
  } = experiment;
  const { device, compute = "fp32" } = settled(experiment.engine);
  const tensors = methodOf(method.kind).tensors({ spec: method, sizes, layout: architecture.layout });
  const options = { prompt: promptRows(tensors), longest, isCausal: architecture.layout.isCausal };
  const trained = largestTrained(
    train,
    { batchSize, seed, partTokens: partTokensOn(device, torchOnProcessor) },
    options,
  );
  const forecast = forecastMemory({
    architecture,
    access: accessOf({ experiment, backbone }, spare),
    storedBytes: bytesIn(precision, backbone),
    recompute: recomputed ? "layers" : "activations",
    method,
    sizes,
    device,
    copies,
    trained,
    evaluated:
      evaluated.length > 0
        ? largestEvaluated(evaluated, { batchSize: EVALUATED_ROWS, copies }, options)
        : trained.slice(0, 1),
    torch: { isOnProcessor: torchOnProcessor, compute },
    generated: training.maxTargetLength,
    backboneDropout: training.backboneDropout > 0,
  });
  return { ...forecast, host: forecast.host + dataBytes };
}
