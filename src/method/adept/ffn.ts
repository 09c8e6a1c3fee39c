import { add, layerNorm, matmul, mul, relu } from "../../graph/ops.ts";
import type { Value } from "../../graph/value.ts";
import { hostProduct } from "../hostProduct.ts";
import type { HiddenLayer, MethodContext, TensorSpec } from "../method.ts";
import { valuesOf, type Parameters } from "../parameters.ts";

const LAYER_NORM_EPSILON = 1e-12;

/** The options of the FFN; variants without an FFN use none of them. */
export interface FfnSpec {
  variant: "standard" | "no-bias" | "linear" | "constant" | "table" | "deep" | "hybrid";
}

const isBiased = ({ variant }: FfnSpec): boolean => variant !== "no-bias" && variant !== "linear";
/** Whether a token's offset is computed by an FFN. */
export const hasFfn = ({ variant }: FfnSpec): boolean => variant !== "constant" && variant !== "table";

const ffn = (name: string, sizes: number[]): TensorSpec<"ffn"> => ({ name, dims: sizes, sizes, group: "ffn" });

/**
 * The tensors of the FFN, in the order of the file.
 * @param r hidden units
 * @param d width of the embeddings
 */
export function ffnTensors(spec: FfnSpec, r: number, d: number): TensorSpec<"ffn">[] {
  const bare = [ffn("w_down", [d, r]), ffn("w_up", [r, d])] as const;
  const biases = [ffn("b_down", [r]), ffn("b_up", [d])] as const;
  const middle = [ffn("w_mid", [r, r]), ffn("b_mid", [r]), ffn("norm_weight", [r]), ffn("norm_bias", [r])];
  if (!isBiased(spec)) return [...bare];
  return [bare[0], biases[0], ...(spec.variant === "deep" ? middle : []), bare[1], biases[1]];
}

/** The offsets relu(E W_down + b1) W_up + b2 and their variants, (B, S, d). */
export function ffnOffset(
  embedded: Value,
  { spec, parameter: p, hiddenMask }: Pick<MethodContext<FfnSpec>, "spec" | "parameter" | "hiddenMask">,
): Value {
  const biased = isBiased(spec);
  const product = matmul(embedded, p("w_down"));
  const before = biased ? add(product, p("b_down")) : product;
  // Dropout on the pre-activation, after the bias, as the official code places it.
  const kept = hiddenMask === undefined ? before : mul(before, hiddenMask);
  const active = spec.variant === "linear" ? kept : relu(kept);
  const hidden =
    spec.variant === "deep"
      ? layerNorm(add(matmul(active, p("w_mid")), p("b_mid")), p("norm_weight"), p("norm_bias"), LAYER_NORM_EPSILON)
      : active;
  const offset = matmul(hidden, p("w_up"));
  return biased ? add(offset, p("b_up")) : offset;
}

/**
 * The offsets of trained tensors for rows of the embedding table, computed on the host: (rows, d), row-major.
 * @param r hidden units
 */
export function hostFfnOffsets(
  { spec, parameters, r }: { spec: FfnSpec; parameters: Parameters; r: number },
  table: Float32Array,
  width: number,
): Float32Array {
  const rows = table.length / width;
  const tensor = (name: string): Float32Array => valuesOf(parameters, name);
  const biased = isBiased(spec);
  const hidden = hostProduct(table, tensor("w_down"), { rows, inner: width, columns: r });
  const active = hidden.map((h, i) => {
    const before = biased ? h + tensor("b_down")[i % r]! : h;
    return spec.variant === "linear" ? before : Math.max(0, before);
  });
  const last = spec.variant === "deep" ? normalised(active, { rows, r }, tensor) : active;
  return hostProduct(last, tensor("w_up"), { rows, inner: r, columns: width }).map((o, i) =>
    biased ? o + tensor("b_up")[i % width]! : o,
  );
}

/** The deep variant's second layer and its layer norm (biased variance), (rows, r). */
function normalised(
  active: Float32Array,
  { rows, r }: { rows: number; r: number },
  tensor: (name: string) => Float32Array,
): Float32Array {
  const middle = hostProduct(active, tensor("w_mid"), { rows, inner: r, columns: r }).map(
    (x, i) => x + tensor("b_mid")[i % r]!,
  );
  for (let row = 0; row < rows; row++) {
    const part = middle.subarray(row * r, (row + 1) * r);
    const mean = part.reduce((sum, x) => sum + x, 0) / r;
    const variance = part.reduce((sum, x) => sum + (x - mean) ** 2, 0) / r;
    part.forEach((x, j) => {
      part[j] =
        ((x - mean) / Math.sqrt(variance + LAYER_NORM_EPSILON)) * tensor("norm_weight")[j]! + tensor("norm_bias")[j]!;
    });
  }
  return middle;
}

/** The FFN's hidden layer; in the linear variant no ReLU switches its units. */
export function hiddenLayer(spec: FfnSpec, parameters: Parameters, units: number): HiddenLayer | undefined {
  const weight = parameters.get("w_down")?.data;
  if (weight === undefined) return undefined;
  return { weight, bias: parameters.get("b_down")?.data, units, isSwitched: spec.variant !== "linear" };
}
