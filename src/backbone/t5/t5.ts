import type { Architecture, Family } from "../family.ts";
import { foldedReadme } from "./foldedReadme.ts";
import { isTied, readT5Config, type T5Config, type T5Type } from "./t5Config.ts";
import { T5Feeds } from "./t5Feeds.ts";
import { T5Graph } from "./t5Graph.ts";
import { t5Layout } from "./t5Layout.ts";
import { t5StoredForm } from "./t5StoredForm.ts";

/** A T5 of the given sizes. */
export function t5Architecture(config: T5Config): Architecture {
  return {
    config,
    layout: t5Layout(config),
    graph: (changes) => new T5Graph(config, changes),
    feeds: new T5Feeds(config),
  };
}

function t5Family(modelType: T5Type, modelClass: string): Family {
  return {
    modelTypes: [modelType],
    read(file, tensors) {
      const { storedAs, ownHead } = t5StoredForm(tensors, isTied(file));
      return { ...t5Architecture(readT5Config(file, ownHead)), storedAs };
    },
    foldedReadme: foldedReadme(modelClass),
  };
}

/** T5 (Raffel et al. 2020), versions 1.0 and 1.1, and ByT5: an encoder-decoder with relative position biases. */
export const t5 = t5Family("t5", "T5ForConditionalGeneration");
/** mT5 (Xue et al. 2021): a T5 1.1 for many languages. */
export const mt5 = t5Family("mt5", "MT5ForConditionalGeneration");
/** umT5 (Chung et al. 2023): an mT5 whose layers have biases of their own. */
export const umt5 = t5Family("umt5", "UMT5ForConditionalGeneration");
