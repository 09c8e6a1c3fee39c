import { ELEMENTWISE } from "../../graph/elementwise.ts";
import { Arena } from "./arena.ts";
import { sizeAt } from "../../graph/dims.ts";
import { expanded } from "../../graph/fused.ts";
import { simplify } from "../../graph/passes.ts";
import { topological, type OpName, type OpValue, type Value } from "../../graph/value.ts";

/**
 * Bytes that one program takes. `packed`: frozen right sides of products, copied into the engine's layout, once for
 * each way they are read; `largest`: the largest of them, which is in memory twice while it is packed; `folded`: frozen
 * tensors that are reshaped, one copy each; `tables`: frozen tensors from which only rows are read; `read`: all frozen
 * tensors, each once; `values`: the engine's arena during a run; `widest`: the largest value in it; `results`: the
 * outputs.
 */
export interface ProgramMemory {
  packed: number;
  largest: number;
  folded: number;
  tables: number;
  read: number;
  values: number;
  widest: number;
  results: number;
}

const BYTES = 4;
/** Operations whose result can replace an operand that is not used again. */
const IN_PLACE = new Set<OpName>([...ELEMENTWISE, "log", "sqrt", "gate", "keep"]);
/**
 * Temporary memory of an operation besides its result, in sizes of its first operand: probabilities and one-hot labels,
 * and a mask in bytes and in floats.
 */
const SCRATCH: Partial<Record<OpName, number>> = { crossEntropy: 1, crossEntropyGradient: 2, gate: 1.25, keep: 1 };

type Sizes = Readonly<Record<string, number>>;
const bytesOf = (value: Value, sizes: Sizes): number =>
  value.shape.reduce<number>((product, dim) => product * sizeAt(dim, sizes), BYTES);
const total = (sizes: Iterable<number>): number => [...sizes].reduce((a, b) => a + b, 0);

/** Bytes of the frozen tensors, by the operations that read them. */
function weightSizes(
  order: readonly Value[],
): Pick<ProgramMemory, "packed" | "largest" | "folded" | "tables" | "read"> {
  const packed = new Map<string, number>();
  const folded = new Map<string, number>();
  const tables = new Map<string, number>();
  const read = new Map<string, number>();
  for (const value of order) {
    if (value.kind !== "op") continue;
    value.inputs.forEach((input, place) => {
      if (input.kind !== "weight") return;
      const { name, dims } = input.rowsOf ?? { name: input.name, dims: input.shape };
      read.set(name, bytesOf({ ...input, shape: dims }, {}));
      if (value.op === "matmul" && place === 1)
        packed.set(`${input.name} ${value.attributes.transB}`, bytesOf(input, {}));
      else (value.op === "reshape" ? folded : tables).set(input.name, bytesOf(input, {}));
    });
  }
  return {
    packed: total(packed.values()),
    largest: Math.max(0, ...packed.values()),
    folded: total(folded.values()),
    tables: total(tables.values()),
    read: total(read.values()),
  };
}

/** Whether an operation's result has the bytes of its first input. */
const isAlias = ({ op }: OpValue): boolean => op === "reshape" || op === "after";

/** The value whose bytes a value uses: a reshape has the bytes of its input. */
function holder(value: Value): Value {
  let at = value;
  while (at.kind === "op" && isAlias(at)) at = at.inputs[0]!;
  return at;
}

/**
 * How products make wide copies of their frozen matrices: each for itself, or in one place for all matrices of a size,
 * which lasts from the first to the last of them.
 */
export type Widening = "each" | "bySize";

/** The frozen matrix that a product reads; undefined for other operations. */
function matrixOf(value: OpValue): Value | undefined {
  const right = value.op === "matmul" ? holder(value.inputs[1]!) : undefined;
  return right?.kind === "weight" ? right : undefined;
}

/** The last operation that reads a frozen matrix of each size, by bytes in fp32. */
function lastOfSize(order: readonly Value[]): Map<number, number> {
  const last = new Map<number, number>();
  order.forEach((value, at) => {
    const matrix = value.kind === "op" ? matrixOf(value) : undefined;
    if (matrix !== undefined) last.set(bytesOf(matrix, {}), at);
  });
  return last;
}

/**
 * Simulates a run: a result is in memory from its operation to its last use; feeds and frozen weights are not in the
 * arena.
 * @returns bytes of the engine's arena
 */
function storeTaken(
  order: readonly Value[],
  outputs: readonly Value[],
  { sizes, widens }: { sizes: Sizes; widens: Widening | undefined },
): number {
  const lastUse = new Map<Value, number>();
  const kept = new Set(outputs.map(holder));
  const arena = new Arena();
  const places = new Map<Value, ReturnType<Arena["take"]>>();
  const shared = widens === "bySize" ? lastOfSize(order) : new Map<number, number>();
  const wides = new Map<number, ReturnType<Arena["take"]>>();
  order.forEach((value, at) => {
    if (value.kind === "op") for (const input of value.inputs) lastUse.set(holder(input), at);
  });
  order.forEach((value, at) => {
    if (value.kind !== "op" || isAlias(value)) return;
    const matrix = widens === undefined ? undefined : matrixOf(value);
    const width = matrix === undefined ? 0 : bytesOf(matrix, {});
    if (matrix !== undefined && !wides.has(width)) wides.set(width, arena.take(width));
    const own = bytesOf(value, sizes);
    const share = SCRATCH[value.op] ?? 0;
    const ending = [...new Set(value.inputs.map(holder))].filter(
      (input) => places.has(input) && lastUse.get(input) === at && !kept.has(input),
    );
    const reused = IN_PLACE.has(value.op) ? ending.find((input) => bytesOf(input, sizes) === own) : undefined;
    const scratch = share > 0 ? arena.take(share * bytesOf(value.inputs[0]!, sizes)) : undefined;
    places.set(value, reused === undefined ? arena.take(own) : places.get(reused)!);
    for (const input of ending) {
      if (input !== reused) arena.give(places.get(input)!);
      places.delete(input);
    }
    if (scratch !== undefined) arena.give(scratch);
    if (matrix === undefined || (shared.get(width) ?? at) > at) return;
    arena.give(wides.get(width)!);
    wides.delete(width);
  });
  return arena.touched;
}

/**
 * Forecasts the memory of a program with these outputs; pure.
 * @param sizes the size of each symbolic dimension
 * @param widens undefined: products read their frozen matrix as it is
 */
export function programMemory(
  outputs: Readonly<Record<string, Value>>,
  sizes: Sizes,
  widens?: Widening,
): ProgramMemory {
  const simple = Object.values(simplify(expanded(outputs)));
  const order = topological(simple);
  return {
    ...weightSizes(order),
    values: storeTaken(order, simple, { sizes, widens }),
    widest: order.reduce((most, value) => (value.kind === "op" ? Math.max(most, bytesOf(value, sizes)) : most), 0),
    results: total(simple.map((value) => bytesOf(value, sizes))),
  };
}
