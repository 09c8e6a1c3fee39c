import type { Engine } from "../../engine/engine.ts";
import type { HostTensor, Program, WeightLocation } from "../../engine/program.ts";
import { add, matmul, mul, reduceSum, softmax, transpose } from "../../graph/ops.ts";
import { input, type Value, type WeightValue } from "../../graph/value.ts";
import { operationsOf, stepWork, type FreeProduct, type TypicalWork } from "./stepWork.ts";
import { frozenSpeed, type WorkSpeed } from "./workSpeed.ts";

/** How long (ms) one thing is timed, and how often at least. */
const LONGEST = 120;
const LEAST = 3;
/** Few rows are this part of many. */
const FEW = 8;
/** Links of a chain of other operations. */
const LINKS = 3;
/** Values that no core's cache holds: between the passes of a step, most are not found there either. */
const UNCACHED = 2 ** 21;
/** Rows and columns of the values in a chain that takes as long as starting its operations. */
const TINY = 4;

/** Where speeds are measured. */
export interface Measuring {
  engine: Engine;
  place: (matrix: WeightValue) => WeightLocation;
}

/** Small values of both signs, none zero. */
function values(dims: readonly number[]): HostTensor {
  const data = new Float32Array(dims.reduce((a, b) => a * b, 1));
  for (let at = 0; at < data.length; at++) data[at] = ((at % 7) - 3.5) / 8;
  return { data, dims };
}

const sumAll = (x: Value): Value =>
  reduceSum(
    x,
    x.shape.map((_, axis) => axis),
  );

/** The median time (s) of a run, after one that is not timed. */
async function timed(program: Program, feeds: Record<string, HostTensor>): Promise<number> {
  await program.run(feeds);
  const times: number[] = [];
  for (const start = performance.now(); times.length < LEAST || performance.now() - start < LONGEST;) {
    const from = performance.now();
    await program.run(feeds);
    times.push((performance.now() - from) / 1000);
  }
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

/** Compiles a graph, and releases it after it was used. */
async function compiled<R>(
  { engine, place }: Measuring,
  { outputs, matrix }: { outputs: Record<string, Value>; matrix?: WeightValue },
  use: (program: Program) => Promise<R>,
): Promise<R> {
  const weights = new Map(matrix === undefined ? [] : [[matrix.name, place(matrix)]]);
  const program = await engine.compile(outputs, weights);
  try {
    return await use(program);
  } finally {
    await program.release();
  }
}

/** Times products with a frozen matrix and with its transpose, as the passes forward and backward have them. */
function frozenTimes(
  measuring: Measuring,
  { matrix, rows }: NonNullable<TypicalWork["frozen"]>,
): Promise<Pick<WorkSpeed, "frozen" | "read">> {
  const [height, width] = matrix.shape.map(Number) as [number, number];
  const outputs = {
    a: sumAll(matmul(input("x", ["B", width]), matrix, { transB: true })),
    b: sumAll(matmul(input("y", ["B", height]), matrix)),
  };
  return compiled(measuring, { outputs, matrix }, async (program) => {
    const at = async (count: number) => ({
      rows: count,
      seconds: await timed(program, { x: values([count, width]), y: values([count, height]) }),
    });
    return frozenSpeed(await at(rows), await at(Math.max(1, Math.floor(rows / FEW))), 2 * height * width);
  });
}

/** Seconds of a multiply-add of a product without a frozen matrix. */
function freeTime(measuring: Measuring, { left, right, transA, transB }: FreeProduct): Promise<number> {
  const outputs = { a: sumAll(matmul(input("x", left), input("y", right), { transA, transB })) };
  const { free } = stepWork(operationsOf(outputs), {});
  return compiled(
    measuring,
    { outputs },
    async (program) => (await timed(program, { x: values(left), y: values(right) })) / free,
  );
}

/** Times a chain of the operations that a transformer has between its products, on values of two sizes. */
function otherTimes(
  measuring: Measuring,
  { rows, width }: { rows: number; width: number },
): Promise<Pick<WorkSpeed, "moved" | "operations">> {
  let x: Value = input("x", ["B", "W"]);
  const [y, z] = [input("y", ["B", "W"]), input("z", ["W", "B"])];
  for (let link = 0; link < LINKS; link++) x = softmax(transpose(mul(transpose(mul(add(x, y), y), [1, 0]), z), [1, 0]));
  const outputs = { a: sumAll(x) };
  const operations = operationsOf(outputs);
  return compiled(measuring, { outputs }, async (program) => {
    const at = async (B: number, W: number) => ({
      work: stepWork(operations, { B, W }),
      seconds: await timed(program, { x: values([B, W]), y: values([B, W]), z: values([W, B]) }),
    });
    const [small, large] = [await at(TINY, TINY), await at(Math.max(rows, Math.ceil(UNCACHED / width)), width)];
    return {
      operations: small.seconds / small.work.operations,
      moved: Math.max(0, large.seconds - small.seconds) / Math.max(1, large.work.moved - small.work.moved),
    };
  });
}

/**
 * Measures how fast an engine is at a graph's work: the products that take most of it, the frozen matrix in its own
 * type, and a chain of other operations. It takes about a second, more where one product takes longer.
 * @param size of the values between products, about
 */
export async function measureSpeed(
  measuring: Measuring,
  { frozen, free }: TypicalWork,
  size: { rows: number; width: number },
): Promise<WorkSpeed> {
  const products = frozen === undefined ? { frozen: 0, read: 0 } : await frozenTimes(measuring, frozen);
  const other = await otherTimes(measuring, size);
  return { ...products, ...other, free: free === undefined ? 0 : await freeTime(measuring, free) };
}
