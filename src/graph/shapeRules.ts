import { addDims, broadcastShapes, dimTerms, productDim, type Dim, type Shape } from "./dims.ts";
import type { OpAttributes, Value } from "./value.ts";

const fail = (what: string, ...shapes: Shape[]): never => {
  throw new Error(`${what}: ${shapes.map((s) => `(${s.join(",")})`).join(" ")}`);
};

/**
 * Returns an operation's input.
 * @throws Error where it is missing, which is a bug of the caller
 */
export function operand(inputs: readonly Value[], index: number): Value {
  const value = inputs[index];
  if (value === undefined) throw new Error(`input ${index} is missing`);
  return value;
}
/** The shape of an elementwise operation with any number of inputs. */

export const elementwise = (inputs: readonly Value[]): Dim[] =>
  inputs.reduce<Dim[]>((shape, v) => broadcastShapes(shape, v.shape), []);
/**
 * The shape of a product of matrices or batches of matrices.
 * @throws Error where an input has fewer than two dimensions, or the inner dimensions differ
 */

export function matmulShape(inputs: readonly Value[], { transA, transB }: OpAttributes["matmul"]): Dim[] {
  const a = operand(inputs, 0).shape;
  const b = operand(inputs, 1).shape;
  if (a.length < 2 || b.length < 2) fail("matmul needs two dimensions or more", a, b);
  const [m, k] = transA ? [a.at(-1)!, a.at(-2)!] : [a.at(-2)!, a.at(-1)!];
  const [k2, n] = transB ? [b.at(-1)!, b.at(-2)!] : [b.at(-2)!, b.at(-1)!];
  if (k !== k2) fail("matmul's inner dimensions differ", a, b);
  return [...broadcastShapes(a.slice(0, -2), b.slice(0, -2)), m, n];
}

/**
 * The shape of a reshape.
 * @throws Error where the number of values is known and changes
 */
export function reshapeShape(inputs: readonly Value[], { shape }: OpAttributes["reshape"]): Dim[] {
  const from = operand(inputs, 0).shape;
  // A symbolic product such as "32*B*T" may be split in any way, so only fully known shapes can be checked.
  if (
    typeof productDim(from) === "number" &&
    typeof productDim(shape) === "number" &&
    productDim(from) !== productDim(shape)
  )
    fail("reshape changes the size", from, shape);
  return [...shape];
}

/**
 * The shape of a concatenation.
 * @throws Error where the inputs differ in another axis
 */
export function concatShape(inputs: readonly Value[], { axis }: OpAttributes["concat"]): Dim[] {
  const first = operand(inputs, 0).shape;
  for (const { shape } of inputs)
    if (shape.length !== first.length || shape.some((d, i) => i !== axis && d !== first[i]))
      fail("concat", first, shape);
  return first.map((d, i) => (i === axis ? addDims(...inputs.map((v) => v.shape[axis]!)) : d));
}

/** The shape of the part `start` to `end` of an axis. */
export function sliceShape(inputs: readonly Value[], { axis, start, end }: OpAttributes["slice"]): Dim[] {
  return operand(inputs, 0).shape.map((d, i) => (i === axis ? subtractDims(end, start) : d));
}

/**
 * a - b, where every symbol of b occurs in a.
 * @throws Error where one does not
 */
export function subtractDims(a: Dim, b: Dim): Dim {
  const from = dimTerms(a);
  const take = dimTerms(b);
  const symbols = [...from.symbols];
  for (const symbol of take.symbols) {
    const at = symbols.indexOf(symbol);
    if (at < 0) throw new Error(`cannot take ${b} from ${a}`);
    symbols.splice(at, 1);
  }
  return addDims(...symbols, from.size - take.size);
}

/** A shape without the given axes. */
export const removeAxes = (shape: Shape, axes: readonly number[]): Dim[] => shape.filter((_, i) => !axes.includes(i));
