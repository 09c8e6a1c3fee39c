import type { Tensors } from "../backbone/files/safetensors.ts";
import { UserError } from "../base/errors.ts";
import type { Parameters } from "../method/parameters.ts";
import type { Adapter } from "./adapterFolder.ts";
import { officialScale } from "../method/positionTable.ts";
import { isTarget } from "../method/target.ts";

/** Reads a frozen tensor of the backbone, row-major. */
export type WeightReader = (name: string, dims: readonly number[]) => Float32Array;

const value = (parameters: Parameters, name: string): { dims: readonly number[]; data: Float32Array } => {
  const found = parameters.get(name);
  if (found === undefined) throw new Error(`no tensor ${name}`);
  return found;
};

/** a (rows, inner) b (inner, columns), row-major, summed in float64. */
export function product(
  a: Float32Array,
  b: Float32Array,
  { rows, inner, columns }: { rows: number; inner: number; columns: number },
): Float32Array {
  const result = new Float32Array(rows * columns);
  const sums = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    sums.fill(0);
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k]!;
      if (factor !== 0) for (let j = 0; j < columns; j++) sums[j]! += factor * b[k * columns + j]!;
    }
    result.set(sums, i * columns);
  }
  return result;
}

interface Linear {
  module: string;
  in: number;
  out: number;
}

/** A linear layer's weight (out, in) with the method in it, or undefined where the method leaves it alone. */
export function foldedWeight(
  { spec, sizes, parameters }: Adapter,
  { module, in: from, out: to }: Linear,
  read: () => Float32Array,
): Float32Array | undefined {
  if (spec.kind === "lora" && isTarget(module, spec.targets)) {
    const update = product(
      value(parameters, `${module}.lora_B.weight`).data,
      value(parameters, `${module}.lora_A.weight`).data,
      { rows: to, inner: sizes.bottleneck, columns: from },
    );
    return read().map((w, i) => w + (spec.alpha / sizes.bottleneck) * update[i]!);
  }
  if (spec.kind !== "ia3" || !isTarget(module, [...spec.targets, ...spec.feedForward])) return undefined;
  const { data: scale } = value(parameters, `${module}.ia3_l`);
  const columns = isTarget(module, spec.feedForward);
  return read().map((w, i) => w * scale[columns ? i % from : Math.floor(i / from)]!);
}

/**
 * relu(E W_down + b1) W_up + b2 for rows of the table (n, d), and its variants.
 * @param first the id of the first row
 */
export function tokenOffsets(
  { spec, sizes, parameters }: Adapter,
  table: Float32Array,
  width: number,
  first = 0,
): Float32Array {
  if (spec.kind !== "adept") throw new Error("only ADePT has offsets per token");
  const rows = table.length / width;
  const r = sizes.bottleneck;
  const tensor = (name: string): Float32Array => value(parameters, name).data;
  if (spec.variant === "constant")
    return Float32Array.from({ length: table.length }, (_, i) => tensor("constant")[i % width]!);
  if (spec.variant === "table") return tensor("table").subarray(first * width, first * width + table.length);
  const hidden = product(table, tensor("w_down"), { rows, inner: width, columns: r });
  const biased = spec.variant !== "no-bias" && spec.variant !== "linear";
  const active = hidden.map((h, i) => {
    const before = biased ? h + tensor("b_down")[i % r]! : h;
    return spec.variant === "linear" ? before : Math.max(0, before);
  });
  const last = spec.variant === "deep" ? normalised(active, { rows, r }, tensor) : active;
  return product(last, tensor("w_up"), { rows, inner: r, columns: width }).map((o, i) =>
    biased ? o + tensor("b_up")[i % width]! : o,
  );
}

/** The deep variant's second layer and its layer norm, (V, r); biased variance, epsilon 1e-12. */
function normalised(
  active: Float32Array,
  { rows, r }: { rows: number; r: number },
  tensor: (name: string) => Float32Array,
): Float32Array {
  const middle = product(active, tensor("w_mid"), { rows, inner: r, columns: r }).map(
    (x, i) => x + tensor("b_mid")[i % r]!,
  );
  for (let row = 0; row < rows; row++) {
    const part = middle.subarray(row * r, (row + 1) * r);
    const mean = part.reduce((sum, x) => sum + x, 0) / r;
    const variance = part.reduce((sum, x) => sum + (x - mean) ** 2, 0) / r;
    part.forEach((x, j) => {
      part[j] = ((x - mean) / Math.sqrt(variance + 1e-12)) * tensor("norm_weight")[j]! + tensor("norm_bias")[j]!;
    });
  }
  return middle;
}

/**
 * What a method does to the encoder's input as plain tensors: `embedding` (V, d) in place of the table, `prompt` (m, d)
 * before it, `positions` (S, d) added to it by place; each where the method has it. X = [prompt ; embedding[ids] +
 * positions].
 * @param table the backbone's embedding (V, d)
 */
export function foldedInput(adapter: Adapter, table: Float32Array, width: number): Tensors {
  const { prompt, offsets, positions } = inputParts(adapter, table, width);
  const tensors: Tensors = new Map();
  if (prompt !== undefined) tensors.set("prompt", { dims: [prompt.length / width, width], data: prompt });
  if (offsets !== undefined)
    tensors.set("embedding", { dims: [table.length / width, width], data: table.map((e, i) => e + offsets[i]!) });
  if (positions !== undefined) tensors.set("positions", { dims: [positions.length / width, width], data: positions });
  return tensors;
}

/**
 * What a method adds to the encoder's input, each where it has it: prompt (m, d), the offset of every token (V, d),
 * that of every place (S, d).
 */
export interface InputParts {
  prompt?: Float32Array;
  offsets?: Float32Array;
  positions?: Float32Array;
}

/** @param table the backbone's embedding (V, d), row-major */
export function inputParts(adapter: Adapter, table: Float32Array, width: number): InputParts {
  const { spec, sizes, parameters } = adapter;
  const parts: InputParts = {};
  const prompt = parameters.get("prompt");
  if (prompt !== undefined && prompt.data.length > 0) {
    const u = parameters.get("u")?.data;
    const v = parameters.get("v")?.data;
    parts.prompt =
      u === undefined || v === undefined
        ? prompt.data
        : prompt.data.map((p, i) => p * u[Math.floor(i / width)]! * v[i % width]!);
  }
  if (spec.kind === "adept") parts.offsets = tokenOffsets(adapter, table, width);
  const a = parameters.get("a");
  const b = parameters.get("b");
  if (a !== undefined && b !== undefined) {
    const rank = a.dims[1]!;
    const scale =
      spec.kind === "dept" && spec.scale !== "official"
        ? spec.scale
        : officialScale(spec.kind === "dept" ? sizes.bottleneck : rank);
    parts.positions = product(a.data, b.data, { rows: a.dims[0]!, inner: rank, columns: width }).map((x) => scale * x);
  }
  return parts;
}

/** @throws UserError for methods that no plain T5 can hold */
export function checkFoldable({ spec }: Adapter, tied: boolean): void {
  if (spec.kind === "bitfit" || spec.kind === "adapter")
    throw new UserError(
      `The method "${spec.kind}" cannot be folded: a T5 has no ${spec.kind === "bitfit" ? "biases" : "layers"} that could hold it`,
      "Export the adapter itself, without --folded.",
    );
  if (tied && (spec.kind === "lora" || spec.kind === "ia3") && isTarget("lm_head", spec.targets))
    throw new UserError(
      "The method changes lm_head, whose weight this backbone shares with the embedding: it cannot be folded",
      "Export the adapter itself, without --folded.",
    );
}
