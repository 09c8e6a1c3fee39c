import { MersenneTwister } from "../../../src/base/random.ts";
import type { HostTensor } from "../../../src/engine/program.ts";
import { broadcastShapes, type Dim } from "../../../src/graph/dims.ts";
import { gradients } from "../../../src/graph/gradient.ts";
import * as ops from "../../../src/graph/ops.ts";
import { recomputeActivations } from "../../../src/graph/recompute.ts";
import { input, scalar, weight, type Value } from "../../../src/graph/value.ts";

/** Inputs, weights and constants of one graph all have this many values, so that any may take another's shape. */
const SIZE = 24;
const SHAPES: readonly number[][] = [[24], [4, 6], [6, 4], [2, 3, 4], [2, 4, 3], [2, 3, 2, 2], [2, 1, 3, 4], [1, 24]];
const ROWS = 6;
/** A value of this size at most is used further as it is; a larger one is squashed, so that rounding stays small. */
const LARGEST = 4;

/** A graph of random operations, with what it is fed. */
export interface RandomGraph {
  outputs: Record<string, Value>;
  feeds: Record<string, HostTensor>;
}
/** A value, and how large its elements can be. */
interface Made {
  value: Value;
  bound: number;
}

/** The frozen matrices that graphs read, by name. */
export const WEIGHTS: Readonly<Record<string, number[]>> = { square: [6, 6], wide: [4, 6], row: [6], table: [6, 4] };

/** Makes one graph. */
class Maker {
  private readonly pool: Made[] = [];
  private readonly fed: Value[] = [];
  readonly feeds: Record<string, HostTensor> = {};

  constructor(private readonly random: MersenneTwister) {
    for (let i = 0; i < 4; i++) this.feed(`x${i}`, this.choose(SHAPES));
    const ids = Int32Array.from({ length: ROWS }, () => this.below(ROWS));
    this.feeds["ids"] = { dims: [ROWS], data: ids };
    const kept = Uint8Array.from({ length: SIZE }, () => this.below(2));
    this.feeds["kept"] = { dims: [4, 6], data: kept };
    for (const [name, dims] of Object.entries(WEIGHTS)) this.pool.push({ value: weight(name, dims), bound: 1 });
    const data = Float32Array.from({ length: SIZE }, () => this.number());
    this.pool.push({ value: { kind: "constant", type: "float32", shape: this.choose(SHAPES), data }, bound: 1 });
  }

  private feed(name: string, dims: number[]): void {
    const value = input(name, dims);
    this.fed.push(value);
    this.pool.push({ value, bound: 1 });
    this.feeds[name] = { dims, data: Float32Array.from({ length: SIZE }, () => this.number()) };
  }

  below = (n: number): number => Math.floor(this.random.uniform() * n);
  choose = <T>(all: readonly T[]): T => all[this.below(all.length)]!;
  private number = (): number => 2 * this.random.uniform() - 1;

  /** A value of the pool, mostly a late one: operations follow one another, and early values are read again late. */
  private any(): Made {
    const from = this.random.uniform() < 0.6 ? Math.max(0, this.pool.length - 4) : 0;
    const found = this.pool[from + this.below(this.pool.length - from)]!;
    return found.bound <= LARGEST ? found : { value: ops.tanh(found.value), bound: 1 };
  }

  /** A value in the given shape. */
  private shaped(shape: number[]): Made {
    for (let i = 0; i < 20; i++) {
      const { value, bound } = this.any();
      if (sizeOf(value) === SIZE) return { value: ops.reshape(value, shape), bound };
    }
    return { value: ops.reshape(this.choose(this.fed), shape), bound: 1 };
  }

  /** Two values whose shapes broadcast. */
  private pair(): [Made, Made] {
    const a = this.any();
    for (let i = 0; i < 20; i++) {
      const b = this.any();
      try {
        if (sizeOf({ shape: broadcastShapes(a.value.shape, b.value.shape) }) <= 4 * SIZE) return [a, b];
      } catch {
        // These do not broadcast.
      }
    }
    return [a, { value: scalar(this.number()), bound: 1 }];
  }

  /** A fed value, whose sign is no matter of rounding. */
  private sure = (): Value => this.choose(this.fed);

  private readonly makers: readonly (() => Made)[] = [
    ...Array.from({ length: 3 }, () => () => this.binary()),
    ...Array.from({ length: 3 }, () => () => this.unary()),
    () => this.moved(),
    () => this.moved(),
    () => this.product(),
    () => this.mirrored(),
    () => this.joined(),
    () => this.fused(),
    () => this.table(),
  ];

  private binary(): Made {
    const [a, b] = this.pair();
    switch (this.below(4)) {
      case 0:
        return { value: ops.add(a.value, b.value), bound: a.bound + b.bound };
      case 1:
        return { value: ops.sub(a.value, b.value), bound: a.bound + b.bound };
      case 2:
        return { value: ops.mul(a.value, b.value), bound: a.bound * b.bound };
      default:
        return { value: ops.div(a.value, ops.add(ops.sigmoid(b.value), scalar(0.5))), bound: 2 * a.bound };
    }
  }

  private unary(): Made {
    const { value: x, bound } = this.any();
    const made: readonly (() => Made)[] = [
      () => ({ value: ops.neg(x), bound }),
      () => ({ value: ops.mul(x, scalar(this.number())), bound }),
      () => ({ value: ops.sub(scalar(1), x), bound: bound + 1 }),
      () => ({ value: ops.exp(ops.tanh(x)), bound: Math.E }),
      () => ({ value: ops.log(ops.add(ops.mul(x, x), scalar(1))), bound }),
      () => ({ value: ops.sqrt(ops.add(ops.mul(x, x), scalar(1))), bound: bound + 1 }),
      () => ({ value: ops.tanh(x), bound: 1 }),
      () => ({ value: ops.sigmoid(x), bound: 1 }),
      () => ({ value: ops.erf(x), bound: 1 }),
      () => ({ value: ops.detach(x), bound }),
      () => ({ value: ops.relu(this.sure()), bound: 1 }),
      () => ({ value: ops.silu(x), bound }),
      () => ({ value: ops.geluTanh(x), bound }),
      () => ({ value: ops.geluExact(x), bound }),
      () => ({ value: ops.rmsInverse(withRows(x), 1), bound: 1 }),
      () => ({ value: ops.softmax(withRows(x)), bound: 1 }),
    ];
    return this.choose(made)();
  }

  /** A value and the same in another order of its axes, as two operands. */
  private mirrored(): Made {
    const { value, bound } = this.shaped([2, 3, 2, 2]);
    const x = ops.neg(value);
    return { value: ops.add(x, ops.transpose(x, [0, 1, 3, 2])), bound: 2 * bound };
  }

  /** The same values in another place or shape, or some of them. */
  private moved(): Made {
    const { value: x, bound } = this.any();
    const axis = this.below(x.shape.length);
    const size = Number(x.shape[axis] ?? 0);
    const order = x.shape.map((_, i) => i);
    switch (this.below(5)) {
      case 0:
        return this.shaped(this.choose(SHAPES));
      case 1:
        return x.shape.length < 2 ? this.shaped([4, 6]) : { value: ops.transpose(x, order.reverse()), bound };
      case 2: {
        if (size < 2) return this.shaped([6, 4]);
        const start = this.below(size - 1);
        return { value: ops.slice(x, axis, start, start + 1 + this.below(size - start)), bound };
      }
      case 3:
        return sizeOf(x) > SIZE ? this.shaped([24]) : { value: ops.broadcastTo(x, [2, ...x.shape]), bound };
      default:
        return x.shape.length < 2 ? this.shaped([2, 3, 4]) : { value: ops.reduceSum(x, [axis]), bound: bound * size };
    }
  }

  private product(): Made {
    const rows = this.shaped([4, 6]);
    const stack = this.shaped([2, 3, 4]);
    const other = this.shaped([2, 3, 4]);
    const made: readonly (() => Value)[] = [
      () => ops.matmul(rows.value, weight("square", [6, 6])),
      () => ops.matmul(rows.value, weight("wide", [4, 6]), { transB: true }),
      () => ops.matmul(weight("wide", [4, 6]), rows.value, { transA: true }),
      () => ops.matmul(stack.value, weight("wide", [4, 6])),
      () => ops.matmul(stack.value, other.value, { transB: true }),
      () => ops.matmul(stack.value, other.value, { transA: true }),
      () => ops.matmul(rows.value, this.shaped([6, 4]).value, { transA: true, transB: true }),
    ];
    return { value: this.choose(made)(), bound: 100 };
  }

  private joined(): Made {
    const shape = this.choose([[4, 6], [2, 3, 4], [24]] as const);
    const parts = [this.shaped([...shape]), this.shaped([...shape])];
    const axis = this.below(shape.length);
    const value = ops.concat(
      parts.map((each) => each.value),
      axis,
    );
    return { value, bound: Math.max(...parts.map(({ bound }) => bound)) };
  }

  private fused(): Made {
    switch (this.below(4)) {
      case 0: {
        const [query, key, value] = [
          [2, 3, 2, 2],
          [2, 1, 6, 2],
          [2, 1, 6, 2],
        ].map((each) => this.shaped(each).value);
        const bias = this.shaped([2, 1, 2, 6]).value;
        const attended = ops.attention(query!, key!, bias, value!);
        // Read once more after the operation, and for the last time by its gradient.
        const after = ops.sub(attended, this.choose([query!, ops.reshape(value!, [...attended.shape])]));
        return { value: this.choose([attended, after]), bound: 2 * LARGEST };
      }
      case 1: {
        const [x, scale] = [this.shaped([4, 6]), ops.reduceSum(this.shaped([4, 6]).value, [0])];
        const even = ops.layerNorm(x.value, scale, weight("row", [6]), 1);
        return { value: this.choose([even, ops.add(even, x.value)]), bound: 100 };
      }
      case 2: {
        const [x, scale] = [this.shaped([4, 6]), weight("row", [6])];
        return { value: ops.rmsNorm(x.value, scale, 1), bound: LARGEST };
      }
      default: {
        const angle = this.shaped([2, 1, 3, 4]);
        const half = ops.slice(angle.value, 3, 0, 2);
        const turn = { cos: ops.detach(ops.sigmoid(half)), sin: ops.detach(ops.tanh(half)) };
        return { value: ops.rotate(this.shaped([2, 1, 3, 4]).value, turn, this.below(2) === 0), bound: LARGEST };
      }
    }
  }

  private table(): Made {
    const ids = input("ids", [ROWS], "int32");
    const made: readonly (() => Value)[] = [
      () => ops.gather(weight("table", [6, 4]), ids),
      () => ops.gather(this.shaped([6, 4]).value, ids),
      () => ops.scatterAdd(ids, this.shaped([6, 4]).value, ROWS),
      () => ops.keep(this.shaped([4, 6]).value, input("kept", [4, 6], "bool")),
      () => ops.crossEntropy(this.shaped([6, 4]).value, ids4()),
      () => ops.gate(ops.reshape(this.sure(), [4, 6]), this.shaped([4, 6]).value),
      () => this.gated(),
    ];
    return { value: this.choose(made)(), bound: 30 };
  }

  /** Two values that are rectified, of which one decides about the other. */
  private gated(): Value {
    const [x, y] = [this.sure(), this.sure()].map((each) => ops.reshape(each, [4, 6])) as [Value, Value];
    return ops.sub(ops.add(ops.relu(x), ops.relu(y)), ops.gate(x, y));
  }

  graph(operations: number): Record<string, Value> {
    for (let i = 0; i < operations; i++) this.pool.push(this.choose(this.makers)());
    const outputs: Record<string, Value> = {};
    for (let i = 0; i < 1 + this.below(4); i++) outputs[`o${i}`] = this.pool[this.pool.length - 1 - 3 * i]!.value;
    return this.below(2) === 0 ? outputs : this.differentiated(outputs);
  }

  /** The outputs behind a loss that depends on all of them, and its gradients. */
  private differentiated(outputs: Record<string, Value>): Record<string, Value> {
    const losses = Object.values(outputs).map((value) => {
      const squashed = ops.tanh(value);
      return ops.reduceSum(
        squashed,
        squashed.shape.map((_, i) => i),
      );
    });
    const loss = losses.reduce((a, b) => ops.add(a, ops.mul(b, scalar(this.number()))));
    const by = Object.fromEntries(
      gradients(loss, this.fed).flatMap((g, i) => (g === undefined ? [] : [[`g${i}`, g] as const])),
    );
    const all = { loss, ...by, ...outputs };
    return this.below(2) === 0 ? all : recomputeActivations(all, "loss");
  }
}

/** Labels of six rows of four classes, of which one has none. */
const ids4 = (): Value => ({
  kind: "constant",
  type: "int32",
  shape: [ROWS],
  data: Int32Array.of(0, 3, 1, -100, 2, 3),
});
const sizeOf = ({ shape }: { shape: readonly Dim[] }): number => shape.reduce<number>((a, b) => a * Number(b), 1);
const withRows = (x: Value): Value => (x.shape.length > 0 ? x : ops.reshape(x, [1]));

/** A graph of random operations; equal seeds make equal graphs. */
export function randomGraph(seed: number): RandomGraph {
  const random = new MersenneTwister(seed);
  const maker = new Maker(random);
  return { outputs: maker.graph(6 + maker.below(25)), feeds: maker.feeds };
}
