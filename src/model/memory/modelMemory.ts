import type { Architecture } from "../../backbone/family.ts";
import type { Plan } from "../../backbone/sequenceGraph.ts";
import type { Value } from "../../graph/value.ts";
import type { Device } from "../../engine/engineSpec.ts";
import type { MethodSpec } from "../../method/methodSpec.ts";
import type { ProgramAccess, WeightAccess } from "../weightAccess.ts";
import { MethodGraph } from "../methodGraph.ts";
import type { MethodShape } from "../../method/method.ts";
import type { MethodSizes } from "../../method/sizes.ts";
import { promptRows } from "../../method/prompt.ts";
import { regularisationOf } from "../../method/regularisation.ts";
import { programMemory, type ProgramMemory } from "./programMemory.ts";
import { methodOf } from "../../method/registry.ts";

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
  access: ProgramAccess;
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
 * Measured: what the engine's library takes for each program besides, what its store keeps free after the weights are
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
 * Tensors of all parameters that stay: themselves, two moments, the best so far; and what an update needs besides:
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

/** Hidden units are dropped out in training: the step reads their factors. */
function isDropped(shape: MethodShape): boolean {
  const { spec } = shape;
  return (methodOf(spec.kind).hiddenUnits?.(shape) ?? 0) > 0 && regularisationOf(spec).hiddenDropout > 0;
}

/** Parts by the plan that the family computes them with, those of short targets first. */
function byPlan(graph: MethodGraph, parts: readonly PartShape[]): Map<Plan, PartShape[]> {
  const plans = new Map<Plan, PartShape[]>();
  for (const part of [...parts].sort((a, b) => a.target - b.target)) {
    const plan = graph.plan(part.target);
    plans.set(plan, [...(plans.get(plan) ?? []), part]);
  }
  return plans;
}

/** The programs at the parts that take most of each. */
function programsOf({ architecture, method, sizes, trained, evaluated, generated }: MemoryShape): Programs {
  const shape = { spec: method, sizes, layout: architecture.layout };
  const graph = new MethodGraph(architecture, shape);
  const prompt = promptRows(methodOf(method.kind).tensors(shape));
  const at = ({ rows, source, target }: PartShape): Record<string, number> => ({
    B: rows,
    S: source,
    T: target,
    P: prompt,
    X: prompt + source,
    K: generated,
  });
  const most = (outputs: Record<string, Value>, parts: readonly PartShape[]): ProgramMemory =>
    parts.map((part) => programMemory(outputs, at(part))).reduce(more);
  const dropout = isDropped(shape);
  // A batch is read for the longest target that is scored or generated.
  const plan = graph.plan(Math.max(generated, ...evaluated.map(({ target }) => target)));
  return {
    step: [...byPlan(graph, trained)].map(([each, parts]) => most(graph.step(each, { dropout }), parts)),
    encode: most(graph.prefill(plan).kept, evaluated),
    score: most(graph.targetLosses(plan), evaluated),
    decode: most(graph.decodeStep(plan), evaluated),
  };
}

/**
 * What a program's weights take: packed, and where they are stored in fewer bytes than the engine's, widened tables. Of
 * mapped ones each product widens its own, one after the other.
 */
function weightsOf(
  { packed, largest, folded, tables }: ProgramMemory,
  { storedBytes }: MemoryShape,
  access: WeightAccess,
): number {
  const isNarrow = storedBytes < BYTES;
  if (access === "mapped") return SESSION + (isNarrow ? largest : 0);
  return packed + Math.max(largest, LEFT_FREE * packed) + folded + (isNarrow ? tables : 0) + SESSION;
}

/** Pages of the weights' files that programs look at: once in memory, and counted once for each program. */
function mappedOf(
  { step, ...predict }: Programs,
  { architecture: { layout }, access, storedBytes, copies }: MemoryShape,
): { once: number; counted: number } {
  // Packed programs look up rows of tables in the file itself where it is fp32, and of a widened copy where it is not.
  const packedRead = ({ tables }: ProgramMemory): number => (storedBytes === BYTES ? tables : 0);
  const at = (how: WeightAccess, programs: readonly ProgramMemory[]): number[] =>
    programs.map((program) => ((how === "mapped" ? program.read : packedRead(program)) * storedBytes) / BYTES);
  const each = [...at(access.step, step), ...at(access.predict, [predict.encode, predict.score, predict.decode])];
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
  const { architecture, sizes, copies, device, access, backboneDropout = false } = shape;
  const programs = programsOf(shape);
  const { step, encode, score, decode } = programs;
  const { once, counted } = mappedOf(programs, shape);
  const parameters = BYTES * sizes.count;
  const table = BYTES * architecture.layout.vocabulary * architecture.layout.width;
  const apart = copies > 1;
  const weights =
    total(step.map((each) => weightsOf(each, shape, access.step))) +
    total([encode, score, decode].map((each) => weightsOf(each, shape, access.predict)));
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
