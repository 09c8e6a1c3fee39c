import type { Architecture } from "../family.ts";
import type { CausalConfig } from "./causalConfig.ts";
import { CausalFeeds } from "./causalFeeds.ts";
import { CausalGraph } from "./causalGraph.ts";
import { causalLayout } from "./causalLayout.ts";

/** A decoder-only architecture of the given choices. */
export function causalArchitecture(config: CausalConfig): Architecture {
  return {
    config,
    layout: causalLayout(config),
    graph: (changes) => new CausalGraph(config, changes),
    feeds: new CausalFeeds(config),
  };
}
