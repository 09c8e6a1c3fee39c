import type { Architecture, Family } from "../family.ts";
import { foldedReadme } from "./foldedReadme.ts";
import { readT5Config, type T5Config } from "./t5Config.ts";
import { T5Feeds } from "./t5Feeds.ts";
import { T5Graph } from "./t5Graph.ts";
import { t5Layout } from "./t5Layout.ts";

/** A T5 of the given sizes. */
export function t5Architecture(config: T5Config): Architecture {
  return {
    config,
    layout: t5Layout(config),
    graph: (changes) => new T5Graph(config, changes),
    feeds: new T5Feeds(config),
  };
}

/** T5 (Raffel et al. 2020), versions 1.0 and 1.1: an encoder-decoder with relative position biases. */
export const t5: Family = {
  modelTypes: ["t5"],
  read: (file, tensors) => t5Architecture(readT5Config(file, tensors.has("lm_head.weight"))),
  foldedReadme,
};
