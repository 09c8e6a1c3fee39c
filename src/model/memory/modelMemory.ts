import type { T5Config } from "../../backbone/t5/t5Config.ts";
import type { Architecture } from "../../backbone/family.ts";
import type { Device } from "../../engine/engineSpec.ts";
import type { MethodSpec } from "../../method/methodSpec.ts";
import type { Hold, Holds } from "../holding.ts";
import { InputGraph } from "../inputGraph.ts";
import type { MethodSizes } from "../../method/sizes.ts";
import { programMemory, type ProgramMemory } from "./programMemory.ts";
import { promptRows } from "../../method/prompt.ts";
import { methodOf } from "../../method/registry.ts";
import { regularisationOf } from "../../method/regularisation.ts";

/** Rows run at once, padded to these lengths; the prompt is not counted. */
export interface PartShape {
  rows: number;
  source: number;
  target: number;
}

/** What the memory of training depends on. */
export interface MemoryShape {
  architecture: Architecture;
  method: MethodSpec;
  sizes: MethodSizes;
  device: Device;
  copies: number;
  /** how programs have the frozen weights; bytes of one where it lies, 4 for fp32 */
  holds: Holds;
  storedBytes: number;
  /** parts of training batches, and of evaluated ones, that could take the most */
  trained: readonly PartShape[];
  evaluated: readonly PartShape[];
  /** most tokens that are generated */
  generated: number;
  /** the trained batch takes dropout masks inside the backbone, one byte a value of these parts */
  backboneDropout?: boolean;
}

/**
 * Bytes over the process as it was before: `host` in the machine's memory, `device` in a graphics processor's (0 on the
 * processor); `again` is what the system counts besides where programs map the same file once more. The rest tells what
 * `host` and `device` together are made of.
 */
export interface MemoryForecast {
  host: number;
  device: number;
  again: number;
  weights: number;
  training: number;
  evaluation: number;
  optimiser: number;
  copies: number;
}

const MB = 2 ** 20;
const BYTES = 4;
const total = (sizes: readonly number[]): number => sizes.reduce((a, b) => a + b, 0);
/**
 * Measured: what the engine's library holds for each program besides, what its store keeps free after the weights are
 * packed, how much more than the graph's own values it takes, and pieces that an encoder's store loses to others.
 */
const SESSION = 14 * MB;
const LEFT_FREE = 0.17;
const STORE = 1.05;
const LOST_PIECES = 0.75;
/** A thread with its own JavaScript and buffers; what a first run of the engine starts. */
const THREAD = 45 * MB;
const START = 30 * MB;
/**
 * Tensors of all parameters that stay: themselves, two moments, the best so far; and what an update holds besides:
 * gradients, their sum and clipped ones, the next of each, and changes.
 */
const STATE = 4;
const UPDATE = 7;
/** Results are handed over as copies, and those of the last part wait for the collector. */
const HANDED_OVER = 1.5;
/** What a driver's context takes, and how much more than is asked for a store on the device takes: it doubles. */
const CONTEXT = 600 * MB;
const DEVICE_STORE = 1.5;

interface Programs {
  step: ProgramMemory[];
  encode: ProgramMemory;
  score: ProgramMemory;
  decode: ProgramMemory;
}

const more = (a: ProgramMemory, b: ProgramMemory): ProgramMemory => ({
  ...a,
  values: Math.max(a.values, b.values),
  widest: Math.max(a.widest, b.widest),
  results: Math.max(a.results, b.results),
});

/** The programs at the parts that take most of each. */
function programsOf({ architecture, method, sizes, trained, evaluated, generated }: MemoryShape): Programs {
  const shape = { spec: method, sizes, layout: architecture.layout };
  const graph = new InputGraph(architecture.config as T5Config, shape);
  const prompt = promptRows(methodOf(method.kind).tensors(shape));
  const at = ({ rows, source, target }: PartShape): Record<string, number> => ({
    B: rows,
    S: source,
    T: target,
    P: prompt,
    X: prompt + source,
    K: generated,
  });
  const most = (outputs: () => ReturnType<InputGraph["step"]>, parts: readonly PartShape[]): ProgramMemory => {
    const values = outputs();
    return parts.map((part) => programMemory(values, at(part))).reduce(more);
  };
  // A batch is encoded for the longest that is scored or generated.
  const evaluatedShort = graph.isShort(Math.max(generated, ...evaluated.map(({ target }) => target)));
  const dropped = (methodOf(method.kind).hiddenUnits?.(shape) ?? 0) > 0 && regularisationOf(method).hiddenDropout > 0;
  const short = trained.filter(({ target }) => graph.isShort(target));
  const long = trained.filter(({ target }) => !graph.isShort(target));
  return {
    step: [
      ...(short.length > 0 ? [most(() => graph.step(dropped, { short: true }), short)] : []),
      ...(long.length > 0 ? [most(() => graph.step(dropped), long)] : []),
    ],
    encode: most(() => graph.encode({ states: false, short: evaluatedShort }), evaluated),
    score: most(() => graph.targetLosses(evaluatedShort), evaluated),
    decode: most(() => graph.decodeStep(evaluatedShort), evaluated),
  };
}

/**
 * What a program's weights take: packed, and where they are stored in fewer bytes than the engine's, widened tables. Of
 * mapped ones each product widens its own, one after the other.
 */
function weightsOf(
  { packed, largest, folded, tables }: ProgramMemory,
  { storedBytes }: MemoryShape,
  hold: Hold,
): number {
  const isNarrow = storedBytes < BYTES;
  if (hold === "mapped") return SESSION + (isNarrow ? largest : 0);
  return packed + Math.max(largest, LEFT_FREE * packed) + folded + (isNarrow ? tables : 0) + SESSION;
}

/** Pages of the weights' files that programs look at: once in memory, and counted once for each program. */
function mappedOf(
  { step, ...predict }: Programs,
  { architecture: { layout }, holds, storedBytes, copies }: MemoryShape,
): { once: number; counted: number } {
  const at = (hold: Hold, programs: readonly ProgramMemory[]): number[] =>
    programs.map(
      ({ read, tables }) => ((hold === "mapped" ? read : storedBytes === BYTES ? tables : 0) * storedBytes) / BYTES,
    );
  const each = [...at(holds.step, step), ...at(holds.predict, [predict.encode, predict.score, predict.decode])];
  // Programs share what they look at, the table of embeddings above all.
  const all = storedBytes * total(layout.weights.map(({ dims }) => dims.reduce((a, b) => a * b, 1)));
  return { once: Math.max(...each, Math.min(all, total(each))), counted: copies * total(each) };
}

/**
 * What training takes in memory at most, from the very graphs that it runs: each result from its operation to its last
 * use, each frozen weight as often as it is packed. Pure. Constants of the engine are measured
 * (test/bench/memoryForecast.ts).
 */
export function forecastMemory(shape: MemoryShape): MemoryForecast {
  const { architecture, sizes, copies, device, holds, backboneDropout = false } = shape;
  const programs = programsOf(shape);
  const { step, encode, score, decode } = programs;
  const { once, counted } = mappedOf(programs, shape);
  const parameters = BYTES * sizes.count;
  const table = BYTES * architecture.layout.vocabulary * architecture.layout.width;
  const apart = copies > 1;
  const weights =
    total(step.map((each) => weightsOf(each, shape, holds.step))) +
    total([encode, score, decode].map((each) => weightsOf(each, shape, holds.predict)));
  // Masks are as many values as the dropped ones, a quarter of their bytes, and the step's own are kept for its
  // gradient.
  const training = total(step.map(({ values, results }) => STORE * values * (backboneDropout ? 1.5 : 1) + results));
  const evaluation =
    STORE * encode.values +
    LOST_PIECES * encode.widest +
    HANDED_OVER * (encode.results + decode.results) +
    STORE * (score.values + decode.values);
  const each = weights + training;
  const optimiser = STATE * parameters;
  const update = UPDATE * parameters;
  const hosted = START + optimiser + table + once + (apart ? copies * (THREAD + table + 3 * parameters) : 0);
  const parts = {
    weights: copies * weights,
    training: copies * training,
    evaluation: copies * evaluation,
    optimiser: optimiser + update,
    copies,
    again: Math.max(0, counted - once),
  };
  // What an update held is given back while the first evaluation comes to its own.
  const passing = (evaluated: number): number => Math.max(update, update / 2 + evaluated);
  if (device === "cpu")
    return { host: Math.ceil(hosted + copies * each + passing(copies * evaluation)), device: 0, ...parts };
  return {
    host: Math.ceil(hosted + CONTEXT + passing(copies * HANDED_OVER * encode.results)),
    device: Math.ceil(CONTEXT + copies * DEVICE_STORE * (each + evaluation)),
    ...parts,
  };
}
