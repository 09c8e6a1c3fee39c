import type { Family } from "../family.ts";
import { readLlamaConfig } from "./llamaConfig.ts";
import { LlamaFeeds } from "./llamaFeeds.ts";
import { LlamaGraph } from "./llamaGraph.ts";
import { llamaLayout } from "./llamaLayout.ts";
import { unsupported } from "./unsupported.ts";

/**
 * Llama (Touvron et al. 2023; Grattafiori et al. 2024): a causal model. So far it computes losses and gradients only,
 * and users cannot choose it.
 */
export const llama: Family = {
  modelTypes: ["llama"],
  isComplete: false,
  read(file, has) {
    const config = readLlamaConfig(file, has(`lm_head.weight`));
    return {
      config,
      layout: llamaLayout(config),
      graph: (changes) => new LlamaGraph(config, changes),
      feeds: new LlamaFeeds(config),
    };
  },
  foldedReadme() {
    throw unsupported();
  },
};
