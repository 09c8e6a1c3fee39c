import type { Architecture } from "../../backbone/family.ts";
import { isHeldWhole } from "../../backbone/tokenRows.ts";
import type { Plan } from "../../backbone/sequenceGraph.ts";
import type { Value } from "../../graph/value.ts";
import type { Device } from "../../engine/engineSpec.ts";
import type { MethodSpec } from "../../method/methodSpec.ts";
import { scoredRows } from "../scoredRows.ts";
import type { ProgramAccess, WeightAccess } from "../weightAccess.ts";
import { inVocabularyParts } from "../../graph/vocabularyParts.ts";
import { partRows } from "../headParts.ts";
import { MethodGraph, type Recompute } from "../methodGraph.ts";
import type { MethodShape } from "../../method/method.ts";
import type { MethodSizes } from "../../method/sizes.ts";
import { promptRows } from "../../method/prompt.ts";
import { regularisationOf } from "../../method/regularisation.ts";
import { partSizes, type PartShape } from "./partSizes.ts";
import { programMemory, type ProgramMemory, type Widening } from "./programMemory.ts";
import { methodOf } from "../../method/registry.ts";

/** What decides the memory of PyTorch's process. */
export interface TorchMemory {
  isOnProcessor: boolean;
  compute: "fp32" | "bf16";
}

/** What the memory of training depends on. */
export interface MemoryShape {
  architecture: Architecture;
  method: MethodSpec;
  sizes: MethodSizes;
  device: Device;
  copies: number;
  /** How programs read the frozen weights. */
  access: ProgramAccess;
  /** Bytes of one stored weight; 4 for fp32. */
  storedBytes: number;
  /** Parts of training batches that could take the most memory. */
  trained: readonly PartShape[];
  /** Parts of evaluated batches that could take the most memory. */
  evaluated: readonly PartShape[];
  /** The most tokens that are generated for a row. */
  generated: number;
  /** Of the device "torch": whether it computes on the processor, and its products' type. */
  torch?: TorchMemory | undefined;
  /** What training steps compute a second time; absent: activations. */
  recompute?: Recompute;
  /** Whether training feeds dropout masks inside the backbone, one byte for each value. */
  backboneDropout?: boolean;
}

/**
 * Bytes that training adds to the process. `host`: in the machine's memory; `device`: in a graphics processor's (0 on
 * the processor); `again`: pages of a file that several programs map, which the system counts more than once. The other
 * fields are the components of `host` and `device` together.
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
 * Measured constants of the engine: bytes of each program besides its values; the share of the packed weights that its
 * arena keeps free after packing; the factor of the arena over the graph's own values; the share of an encoder's widest
 * value that the arena loses to fragmentation.
 */
const SESSION = 14 * MB;
const LEFT_FREE = 0.17;
const STORE = 1.05;
const LOST_PIECES = 0.75;
/** Bytes of a thread with its own JavaScript and buffers, and of the engine's first run. */
const THREAD = 45 * MB;
const START = 30 * MB;
/**
 * Tensors as large as all parameters: permanently, the parameters, two moments and the best parameters so far; during
 * an update also gradients, their sum, the clipped ones, the next value of each permanent one, and changes.
 */
const STATE = 4;
const UPDATE = 7;
/** Factor of results, which are copied to JavaScript; those of the last part wait for the garbage collector. */
const HANDED_OVER = 1.5;
/** Bytes of a driver's context, and the factor of an arena on a device, which doubles its size. */
const CONTEXT = 600 * MB;
/** Bytes of a process of PyTorch with its libraries, and the factor of its allocator over a program's values. */
const TORCH_PROCESS = 440 * MB;
const TORCH_STORE = 1.15;
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

/** Whether training drops out hidden units of the method, whose factors the step then reads. */
function isDropped(shape: MethodShape): boolean {
  const { spec } = shape;
  return (methodOf(spec.kind).hiddenUnits?.(shape) ?? 0) > 0 && regularisationOf(spec).hiddenDropout > 0;
}

/** Groups parts by the plan that the family computes them with, those of short targets first. */
function byPlan(graph: MethodGraph, parts: readonly PartShape[]): Map<Plan, PartShape[]> {
  const plans = new Map<Plan, PartShape[]>();
  for (const part of [...parts].sort((a, b) => a.target - b.target)) {
    const plan = graph.plan(part.target);
    plans.set(plan, [...(plans.get(plan) ?? []), part]);
  }
  return plans;
}

/** How products widen their matrix at each use; see NarrowWeights. Four bits and their scales take less than a byte. */
function wideningAt({ device, storedBytes }: MemoryShape, access: WeightAccess): Widening | undefined {
  if (device !== "cpu" || access !== "mapped" || storedBytes >= BYTES) return undefined;
  return storedBytes < 1 ? "bySize" : "each";
}

/** Bytes of the embedding table on the host, which is read row by row where it is large. */
function hostTable({ layout: { vocabulary, width } }: Architecture): number {
  return isHeldWhole({ tokens: vocabulary, width }) ? BYTES * vocabulary * width : 0;
}

/** The memory of each program for the part that takes the most. */
function programsOf(memory: MemoryShape): Programs {
  const { architecture, method, sizes, trained, evaluated, generated, recompute = "activations", access } = memory;
  const shape = { spec: method, sizes, layout: architecture.layout };
  const { vocabulary } = architecture.layout;
  const graph = new MethodGraph(architecture, shape);
  const prompt = promptRows(methodOf(method.kind).tensors(shape));
  const at = (part: PartShape): Record<string, number> => partSizes(part, { prompt, generated });
  const most = (
    outputs: Record<string, Value>,
    parts: readonly PartShape[],
    how: WeightAccess = access.predict,
  ): ProgramMemory => {
    const widens = wideningAt(memory, how);
    const own =
      widens !== undefined
        ? inVocabularyParts(outputs, ({ shape: dims }) => (dims.length === 2 ? partRows(dims.map(Number)) : undefined))
        : outputs;
    return parts.map((part) => programMemory(own, at(part), widens)).reduce(more);
  };
  const dropout = isDropped(shape);
  // A batch's text is read with the plan for the longest target that is scored or generated.
  const plan = graph.plan(Math.max(generated, ...evaluated.map(({ target }) => target)));
  return {
    step: [...byPlan(graph, trained)].map(([each, parts]) =>
      most(graph.step(each, { dropout, recompute }), parts, access.step),
    ),
    encode: most(graph.prefill(plan).kept, evaluated),
    score: most(
      graph.targetLosses(plan),
      evaluated.map((part) => ({ ...part, rows: Math.min(part.rows, scoredRows(part.target, vocabulary)) })),
    ),
    // The form with the most tensors: keys and values of new tokens that grow apart from those of the text.
    decode: most(graph.decodeStep(plan, { isHeld: true }), evaluated),
  };
}

/** Bytes of a program's weights: packed ones, and widened tables where weights are stored in fewer bytes than fp32. */
function weightsOf(
  { packed, largest, folded, tables }: ProgramMemory,
  { storedBytes }: MemoryShape,
  access: WeightAccess,
): number {
  const isNarrow = storedBytes < BYTES;
  if (access === "mapped") return SESSION;
  return packed + Math.max(largest, LEFT_FREE * packed) + folded + (isNarrow ? tables : 0) + SESSION;
}

/**
 * Bytes of the weights' files that programs read by mapping: in memory once, but counted by the system for each
 * program.
 */
function mappedOf(
  { step, ...predict }: Programs,
  { architecture: { layout }, access, storedBytes, copies }: MemoryShape,
): { once: number; counted: number } {
  // Packed programs read rows of tables from the file itself where it is fp32, and from a widened copy where it is not.
  const packedRead = ({ tables }: ProgramMemory): number => (storedBytes === BYTES ? tables : 0);
  const at = (how: WeightAccess, programs: readonly ProgramMemory[]): number[] =>
    programs.map((program) => ((how === "mapped" ? program.read : packedRead(program)) * storedBytes) / BYTES);
  const each = [...at(access.step, step), ...at(access.predict, [predict.encode, predict.score, predict.decode])];
  // Programs share mapped pages, above all the embedding table.
  const all = storedBytes * total(layout.weights.map(({ dims }) => dims.reduce((a, b) => a * b, 1)));
  return { once: Math.max(...each, Math.min(all, total(each))), counted: copies * total(each) };
}

/**
 * The memory of PyTorch's process and of this one. Frozen matrices are held once for all programs; values live in one
 * store, whose size is that of the largest program.
 */
function torchMemory(
  shape: MemoryShape,
  { step, encode, score, decode }: Programs,
): Pick<MemoryForecast, "host" | "device" | "weights"> {
  const { architecture, sizes, storedBytes, torch = { isOnProcessor: true, compute: "fp32" }, access } = shape;
  const matrices = total(architecture.layout.weights.map(({ dims }) => dims.reduce((a, b) => a * b, 1)));
  const table = BYTES * architecture.layout.vocabulary * architecture.layout.width;
  // A processor lays a bf16 matrix out twice: for products by it and for those by its transpose.
  const made = torch.compute === "bf16" && !torch.isOnProcessor ? BYTES / 2 : BYTES;
  const held = access.step === "mapped" ? storedBytes : made;
  const hosted = hostTable(architecture);
  // Beside the narrow form, rows of the table are read in the stored one.
  const weights = held * matrices + (torch.compute === "bf16" ? (storedBytes / BYTES) * table : 0);
  const values = TORCH_STORE * Math.max(...[...step, encode, score, decode].map((each) => each.values));
  const results = HANDED_OVER * Math.max(encode.results, decode.results, BYTES * sizes.count);
  const own = START + hosted + (STATE + UPDATE) * BYTES * sizes.count + results;
  const process = weights + values + results;
  return torch.isOnProcessor
    ? { host: Math.ceil(own + TORCH_PROCESS + process), device: 0, weights }
    : { host: Math.ceil(own + 2 * TORCH_PROCESS), device: Math.ceil(CONTEXT + process), weights };
}

/**
 * Forecasts the most memory that training takes, from the graphs that it runs: each result lives from its operation to
 * its last use, and each frozen weight counts as often as it is packed. Pure. The engine's constants are measured
 * (test/bench/memoryForecast.ts).
 */
export function forecastMemory(shape: MemoryShape): MemoryForecast {
  const { architecture, sizes, copies, device, access, backboneDropout = false } = shape;
  const programs = programsOf(shape);
  const { step, encode, score, decode } = programs;
  const { once, counted } = mappedOf(programs, shape);
  const parameters = BYTES * sizes.count;
  const table = hostTable(architecture);
  const apart = copies > 1;
  const weights =
    total(step.map((each) => weightsOf(each, shape, access.step))) +
    total([encode, score, decode].map((each) => weightsOf(each, shape, access.predict)));
  // A mask has as many values as its tensor, in a quarter of the bytes; the masks that a step makes are kept for its
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
  // The first evaluation's memory grows while that of the last update is freed.
  const passing = (evaluated: number): number => Math.max(update, update / 2 + evaluated);
  if (device === "torch") return { ...parts, ...torchMemory(shape, programs) };
  if (device === "cpu")
    return { host: Math.ceil(hosted + copies * each + passing(copies * evaluation)), device: 0, ...parts };
  return {
    host: Math.ceil(hosted + CONTEXT + passing(copies * HANDED_OVER * encode.results)),
    device: Math.ceil(CONTEXT + copies * DEVICE_STORE * (each + evaluation)),
    ...parts,
  };
}
