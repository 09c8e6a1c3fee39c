import type { SharedTokens } from "../../backbone/batch.ts";
import type { ExampleList } from "./exampleList.ts";

/** Lists that were compared so far in this process. */
let readings = 0;

/**
 * The tokens that the texts of all examples start with, at most one fewer than the shortest has: a text's last token
 * predicts. The examples are to be read with one set of parameters.
 */
export function sharedTokens(examples: Pick<ExampleList, "length" | "at">): SharedTokens {
  const first = examples.at(0)?.ids ?? [];
  let tokens = examples.length < 2 ? 0 : first.length;
  for (let index = 0; index < examples.length && tokens > 0; index++) {
    const { ids } = examples.at(index)!;
    const most = Math.min(tokens, ids.length - 1);
    tokens = 0;
    while (tokens < most && ids[tokens] === first[tokens]) tokens++;
  }
  return { tokens, reading: ++readings };
}
