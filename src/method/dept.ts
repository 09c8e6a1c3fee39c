import { add } from "../graph/ops.ts";
import { kaiming, zeros } from "./draw.ts";
import type { Method } from "./method.ts";
import { officialScale, positionOffset, positionTensors } from "./positionTable.ts";
import { initialPrompt, PROMPT, promptTensor } from "./prompt.ts";

/**
 * DePT (arXiv 2309.05173): X = [P ; E + c (a b)], an offset for each place of the text; c = 8 / sqrt(r) in the official
 * code.
 */
export const dept: Method<"dept"> = {
  kind: "dept",
  defaults: { promptLength: 60, bottleneck: 30 },
  tensors: ({ spec, sizes: { promptLength, bottleneck }, layout: { width } }) => [
    promptTensor(promptLength, width),
    ...positionTensors(spec.positions, bottleneck, width),
  ],
  initial(tensor, { spec }, source, random) {
    if (tensor.name === PROMPT) return initialPrompt(tensor.sizes[0]!, spec, source, random);
    return tensor.name === "a" ? kaiming(tensor.sizes, tensor.sizes[1]!, random) : zeros(tensor.sizes);
  },
  embed(embedded, { spec, sizes, parameter, positions }) {
    const scale = spec.scale === "official" ? officialScale(sizes.bottleneck) : spec.scale;
    return add(embedded, positionOffset({ a: parameter("a"), b: parameter("b") }, positions, scale));
  },
  switches: { "positions-off": { zero: ["b"], empty: [] }, "prompt-off": { zero: [], empty: [PROMPT] } },
};
