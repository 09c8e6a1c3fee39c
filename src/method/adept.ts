import type { SpecOf } from "./methodSpec.ts";
import { layerNorm } from "../graph/composed.ts";
import { add, gather, matmul, mul, relu } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { kaiming, ones, zeros } from "./draw.ts";
import type { Method, MethodContext, TensorSpec } from "./method.ts";
import { officialScale, positionOffset, positionRows, positionTensors } from "./positionTable.ts";
import { initialPrompt, PROMPT, promptTensor } from "./prompt.ts";

const DEFAULT_RANK = 10;
const LAYER_NORM_EPSILON = 1e-12;
const rank = (spec: SpecOf<"adept">): number => spec.positionRank ?? DEFAULT_RANK;
const ffn = (name: string, sizes: number[]): TensorSpec => ({ name, dims: sizes, sizes, group: "ffn" });

function ffnTensors(spec: SpecOf<"adept">, r: number, d: number): TensorSpec[] {
  const bare = [ffn("w_down", [d, r]), ffn("w_up", [r, d])];
  const biases = [ffn("b_down", [r]), ffn("b_up", [d])];
  const middle = [ffn("w_mid", [r, r]), ffn("b_mid", [r]), ffn("norm_weight", [r]), ffn("norm_bias", [r])];
  if (spec.variant === "no-bias" || spec.variant === "linear") return bare;
  return [bare[0]!, biases[0]!, ...(spec.variant === "deep" ? middle : []), bare[1]!, biases[1]!];
}

/** relu(E W_down + b1) W_up + b2 and its variants (reference section 2, "Variants"), (B, S, d). */
function ffnOffset(embedded: Value, { spec, parameter: p, hiddenMask }: MethodContext<"adept">): Value {
  const biased = spec.variant !== "no-bias" && spec.variant !== "linear";
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
 * ADePT (arXiv 2501.03291): X = [P ; E + relu(E W_down + b1) W_up + b2]. Every token has its own offset, whatever its
 * position; the prompt gets none; scale 1. The variants change the offset alone.
 */
export const adept: Method<"adept"> = {
  kind: "adept",
  defaults: { promptLength: 20, bottleneck: 39 },
  tensors({ spec, sizes: { promptLength, bottleneck }, layout: { width: d, vocabulary } }) {
    const prompt = promptTensor(promptLength, d);
    switch (spec.variant) {
      case "constant":
        return [prompt, { name: "constant", dims: [d], sizes: [d], group: "constant" }];
      case "table":
        return [prompt, { name: "table", dims: [vocabulary, d], sizes: [vocabulary, d], group: "table" }];
      case "hybrid":
        return [prompt, ...ffnTensors(spec, bottleneck, d), ...positionTensors(positionRows(spec) ?? 0, rank(spec), d)];
      default:
        return [prompt, ...ffnTensors(spec, bottleneck, d)];
    }
  },
  initial(tensor, { spec }, source, random) {
    if (tensor.name === PROMPT) return initialPrompt(tensor.sizes[0]!, spec, source, random);
    // kaiming_uniform_(a = sqrt 5) on a (d, r) tensor takes r as the fan-in. W_up = 0, so the offset starts at 0.
    if (["w_down", "w_mid", "a"].includes(tensor.name)) return kaiming(tensor.sizes, tensor.sizes[1]!, random);
    return tensor.name === "norm_weight" ? ones(tensor.sizes) : zeros(tensor.sizes);
  },
  embed(embedded, context) {
    const { spec, parameter, ids, positions } = context;
    if (spec.variant === "constant") return add(embedded, parameter("constant"));
    if (spec.variant === "table") return add(embedded, gather(parameter("table"), ids));
    const own = add(embedded, ffnOffset(embedded, context));
    return spec.variant === "hybrid"
      ? add(own, positionOffset({ a: parameter("a"), b: parameter("b") }, positions, officialScale(rank(spec))))
      : own;
  },
  hiddenUnits: ({ spec, sizes }) => (spec.variant === "constant" || spec.variant === "table" ? 0 : sizes.bottleneck),
  switches: {
    "ffn-off": { zero: ["w_up", "b_up", "constant", "table"], empty: [] },
    "positions-off": { zero: ["b"], empty: [] },
    "prompt-off": { zero: [], empty: [PROMPT] },
  },
};
