import type { BackboneLayout } from "../../backbone/layout.ts";
import type { ExampleList } from "./exampleList.ts";

/**
 * How often the examples have each token (vocabulary) that a method embeds: those of texts, in a causal model those of
 * targets too.
 */
export function tokenCounts(
  examples: ExampleList,
  { vocabulary, isCausal }: Pick<BackboneLayout, "vocabulary" | "isCausal">,
): Uint32Array {
  const counts = new Uint32Array(vocabulary);
  const count = (ids: ArrayLike<number>): void => {
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      if (id >= 0 && id < vocabulary) counts[id]!++;
    }
  };
  for (let at = 0; at < examples.length; at++) {
    const { ids, labels, targetIds } = examples.at(at)!;
    count(ids);
    if (isCausal) count(targetIds ?? labels);
  }
  return counts;
}
