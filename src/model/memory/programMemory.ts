import { Arena } from "./arena.ts";
import { sizeAt } from "../../graph/dims.ts";
import { simplify } from "../../graph/passes.ts";
import { topological, type OpName, type Value } from "../../graph/value.ts";

/**
 * Bytes that one program takes. `packed`: frozen right sides of products, copied as the engine wants them, once for
 * each way they are read; `largest` of them, which lies there twice while it is made; `folded`: frozen tensors that are
 * reshaped, a copy each; `tables`: those that are only looked up; `read`: all of them, once each; `values`: what the
 * engine's store takes for a run; `widest` of its values; `results`: what it hands back.
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
/** Operations whose result may lie where an operand that is used no more did. */
const IN_PLACE = new Set<OpName>([
  "add",
  "sub",
  "mul",
  "div",
  "neg",
  "exp",
  "log",
  "sqrt",
  "tanh",
  "relu",
  "gate",
  "keep",
]);
/**
 * What an operation makes besides its result while it runs, in sizes of its first operand: shares and one-hot labels,
 * and a mask of bytes with its floats.
 */
const SCRATCH: Partial<Record<OpName, number>> = { crossEntropy: 1, crossEntropyGradient: 2, gate: 1.25, keep: 1 };

type Sizes = Readonly<Record<string, number>>;
const bytesOf = (value: Value, sizes: Sizes): number =>
  value.shape.reduce<number>((product, dim) => product * sizeAt(dim, sizes), BYTES);
const total = (sizes: Iterable<number>): number => [...sizes].reduce((a, b) => a + b, 0);

/** Frozen tensors by what reads them. */
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
      read.set(input.name, bytesOf(input, {}));
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

/** What holds a value's bytes: a reshaped one is another look at them. */
function holder(value: Value): Value {
  let at = value;
  while (at.kind === "op" && at.op === "reshape") at = at.inputs[0]!;
  return at;
}

/**
 * Runs an order in thought: a result is there from its operation to its last use; what is fed or frozen lies elsewhere.
 * @returns what the engine's store takes for it
 */
function storeTaken(order: readonly Value[], outputs: readonly Value[], sizes: Sizes): number {
  const lastUse = new Map<Value, number>();
  const kept = new Set(outputs.map(holder));
  const arena = new Arena();
  const places = new Map<Value, ReturnType<Arena["take"]>>();
  order.forEach((value, at) => {
    if (value.kind === "op") for (const input of value.inputs) lastUse.set(holder(input), at);
  });
  order.forEach((value, at) => {
    if (value.kind !== "op" || value.op === "reshape") return;
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
  });
  return arena.touched;
}

/** What a program of these outputs takes where its symbolic dimensions have these sizes; pure. */
export function programMemory(outputs: Readonly<Record<string, Value>>, sizes: Sizes): ProgramMemory {
  const simple = Object.values(simplify(outputs));
  const order = topological(simple);
  return {
    ...weightSizes(order),
    values: storeTaken(order, simple, sizes),
    widest: order.reduce((most, value) => (value.kind === "op" ? Math.max(most, bytesOf(value, sizes)) : most), 0),
    results: total(simple.map((value) => bytesOf(value, sizes))),
  };
}
