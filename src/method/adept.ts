import { add, matmul, mul, relu } from "../graph/ops.ts";
import { initialPrompt, PROMPT, promptTensor } from "./prompt.ts";
import type { Method } from "./method.ts";

/**
 * ADePT (arXiv 2501.03291): X = [P ; E + relu(E W_down + b1) W_up + b2].
 * Every token has its own offset, whatever its position; the prompt gets none; scale 1.
 */
export const adept: Method = {
  kind: "adept",
  tensors: ({ promptLength, bottleneck: r }, d) => [
    promptTensor(promptLength, d),
    { name: "w_down", dims: [d, r], sizes: [d, r], group: "ffn" },
    { name: "b_down", dims: [r], sizes: [r], group: "ffn" },
    { name: "w_up", dims: [r, d], sizes: [r, d], group: "ffn" },
    { name: "b_up", dims: [d], sizes: [d], group: "ffn" },
  ],
  initial(tensor, spec, source, random) {
    if (tensor.name === PROMPT) return initialPrompt(tensor.sizes[0]!, spec, source, random);
    const data = new Float32Array(tensor.sizes.reduce((a, b) => a * b, 1));
    if (tensor.name !== "w_down") return data;
    // kaiming_uniform_(a = sqrt 5) on a (d, r) tensor takes r as the fan-in: U(-1/sqrt r, 1/sqrt r). W_up = 0, so the offset starts at 0.
    const bound = 1 / Math.sqrt(tensor.sizes[1]!);
    return data.map(() => (2 * random.uniform() - 1) * bound);
  },
  embed(embedded, parameters, hiddenMask) {
    const p = (name: string) => parameters.get(name)!;
    const hidden = add(matmul(embedded, p("w_down")), p("b_down"));
    // Dropout on the pre-activation, after the bias, as the official code places it.
    const kept = hiddenMask === undefined ? hidden : mul(hidden, hiddenMask);
    return add(embedded, add(matmul(relu(kept), p("w_up")), p("b_up")));
  },
  switches: { "ffn-off": { zero: ["w_up", "b_up"], empty: [] }, "prompt-off": { zero: [], empty: [PROMPT] } },
};
