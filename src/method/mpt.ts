import { matmul, mul, reshape } from "../graph/ops.ts";
import { ones } from "./draw.ts";
import type { Method } from "./method.ts";
import { initialPrompt, PROMPT, promptTensor } from "./prompt.ts";

/**
 * MPT (Wang et al. 2023): X = [P * (u v^T) ; E], a prompt times a rank-one matrix of its task; u = v = 1 at the start.
 */
export const mpt: Method<"mpt"> = {
  kind: "mpt",
  defaults: { promptLength: 100 },
  tensors: ({ sizes: { promptLength }, layout: { width } }) => [
    promptTensor(promptLength, width),
    { name: "u", dims: ["P"], sizes: [promptLength], group: "uv" },
    { name: "v", dims: [width], sizes: [width], group: "uv" },
  ],
  initial: (tensor, { spec }, source, random) =>
    tensor.name === PROMPT ? initialPrompt(tensor.sizes[0]!, spec, source, random) : ones(tensor.sizes),
  prompt: ({ parameter, layout: { width } }) =>
    mul(parameter(PROMPT), matmul(reshape(parameter("u"), ["P", 1]), reshape(parameter("v"), [1, width]))),
  switches: { "prompt-off": { zero: [], empty: [PROMPT, "u"] } },
};
