import type { Architecture } from "../family.ts";
import type { CausalConfig } from "./causalConfig.ts";
import { CausalFeeds } from "./causalFeeds.ts";
import { CausalGraph } from "./causalGraph.ts";
import { causalLayout } from "./causalLayout.ts";
import { storedForm, type StoredOptions } from "./storedForm.ts";

/** The choices of a family; whether the head is tied, the file decides too. */
export type CausalChoices = Omit<CausalConfig, "tied">;

/** A decoder-only architecture of the given choices. */
export function causalArchitecture(choices: CausalChoices, stored: StoredOptions): Architecture {
  const { tied, storedAs } = storedForm(choices.names, stored);
  const config: CausalConfig = { ...choices, tied };
  return {
    config,
    layout: causalLayout(config),
    storedAs,
    graph: (changes) => new CausalGraph(config, changes),
    feeds: new CausalFeeds(config),
  };
}
