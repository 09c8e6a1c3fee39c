import { tensor, type Feeds } from "../backbone/feeds.ts";
import type { Parameters } from "../method/parameters.ts";
import { PROMPT } from "../method/prompt.ts";

/** A method's tensors as feeds. */
export const parameterFeeds = (parameters: Parameters): Feeds =>
  Object.fromEntries([...parameters.values()].map((t) => [t.name, tensor(t.data, ...t.dims)]));

/** The prompt's length in tokens; 0 without a prompt, or where it is switched off. */
export const promptLength = (parameters: Parameters): number => parameters.get(PROMPT)?.dims[0] ?? 0;
