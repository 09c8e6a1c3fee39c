import { add, div, erf, mul, reduceSum, reshape, sigmoid, sqrt, sub, tanh } from "./ops.ts";
import { scalar, type Value } from "./value.ts";

/** GELU in its tanh approximation, 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) (Hugging Face's gelu_new). */
export function geluTanh(x: Value): Value {
  const cubic = add(x, mul(scalar(0.044715), mul(mul(x, x), x)));
  return mul(mul(scalar(0.5), x), add(scalar(1), tanh(mul(scalar(Math.sqrt(2 / Math.PI)), cubic))));
}

/** GELU, x times the standard normal distribution function of x: 0.5 x (1 + erf(x / sqrt(2))). */
export const geluExact = (x: Value): Value =>
  mul(mul(scalar(0.5), x), add(scalar(1), erf(mul(scalar(Math.SQRT1_2), x))));

/** SiLU, x times the logistic function of x. */
export const silu = (x: Value): Value => mul(x, sigmoid(x));

/** Layer norm over the last axis: (x - mean) / sqrt(variance + epsilon) * scale + shift, with the biased variance. */
export function layerNorm(x: Value, scale: Value, shift: Value, epsilon: number): Value {
  const axis = x.shape.length - 1;
  const size = Number(x.shape.at(-1));
  const mean = (v: Value): Value => div(reshape(reduceSum(v, [axis]), [...v.shape.slice(0, -1), 1]), scalar(size));
  const centred = sub(x, mean(x));
  return add(mul(div(centred, sqrt(add(mean(mul(centred, centred)), scalar(epsilon)))), scale), shift);
}
