import { weight, scalar, type Value } from "../graph/value.ts";
import { add, detach, div, matmul, mul, reduceSum, sqrt, sub } from "../graph/ops.ts";
import type { BackboneLayout, LinearLayer } from "../backbone/layout.ts";

/** The name of a layer's magnitudes (out). */
export const magnitudeOf = (module: string): string => `${module}.lora_magnitude_vector`;

/** The linear layer of a name that the layout has. */
function linearOf({ linears }: BackboneLayout, module: string): LinearLayer {
  const found = linears.find((linear) => linear.module === module);
  if (found === undefined) throw new Error(`no linear layer ${module}`);
  return found;
}

/** The name of a layer's weight: a tied head has that of the table of tokens. */
export const weightOf = ({ head, embedding }: BackboneLayout, module: string): string =>
  head.tied && module === head.module ? embedding : `${module}.weight`;

/** A linear layer's input and output in the graph, and its LoRA update. */
export interface DoraLayer {
  module: string;
  /** The unchanged output, with the layer's bias. */
  y: Value;
  /** s B A x */
  update: Value;
  a: Value;
  b: Value;
  /** alpha / rank */
  scale: number;
  magnitude: Value;
}

/** ||W + s B A|| of each row (out), as numbers that no gradient goes through, from products of rank r alone. */
function rowNorms({ module, a, b, scale }: DoraLayer, layout: BackboneLayout): Value {
  const { in: from, out: to, isTransposed = false } = linearOf(layout, module);
  const matrix = weight(weightOf(layout, module), isTransposed ? [from, to] : [to, from]);
  const [down, up] = [detach(a), detach(b)];
  const own = reduceSum(mul(matrix, matrix), [isTransposed ? 0 : 1]);
  const mixed = reduceSum(mul(matmul(matrix, down, { transA: isTransposed, transB: true }), up), [1]);
  const change = reduceSum(mul(matmul(up, matmul(down, down, { transB: true })), up), [1]);
  return sqrt(add(own, add(mul(scalar(2 * scale), mixed), mul(scalar(scale * scale), change))));
}

/**
 * DoRA (Liu et al. 2024): m (W + s B A) x / ||W + s B A|| + bias, the norm of each row a constant to gradients (section
 * 4.3), as in PEFT's DoraLinearLayer.
 */
export function doraOutput(layer: DoraLayer, layout: BackboneLayout): Value {
  const { module, y, update, magnitude } = layer;
  const factor = div(magnitude, rowNorms(layer, layout));
  const name = `${module}.bias`;
  if (!layout.weights.some((each) => each.name === name)) return mul(factor, add(y, update));
  const bias = weight(name, magnitude.shape);
  return add(mul(factor, add(sub(y, bias), update)), bias);
}

/** The Euclidean norm of each row (out) of a layer's weight, row-major as it is stored. */
export function storedNorms(
  stored: Float32Array,
  { in: from, out: to, isTransposed = false }: LinearLayer,
): Float32Array {
  const sums = new Float64Array(to);
  stored.forEach((value, i) => {
    sums[isTransposed ? i % to : Math.floor(i / from)]! += value * value;
  });
  return Float32Array.from(sums, Math.sqrt);
}

/** The magnitudes at the start, with which DoRA changes nothing. */
export function startMagnitudes(
  name: string,
  layout: BackboneLayout,
  read: (name: string, dims: readonly number[]) => Float32Array,
): Float32Array {
  const linear = layout.linears.find(({ module }) => magnitudeOf(module) === name)!;
  const { module, in: from, out: to, isTransposed } = linear;
  return storedNorms(read(weightOf(layout, module), isTransposed === true ? [from, to] : [to, from]), linear);
}
