import type { TokenisedExample } from "../../training/batch/tokenisedExample.ts";
import type { InputSide } from "./alteredInput.ts";

/** The target's tokens that a causal model reads: all before the last one that has a loss. */
function readTargets({ labels, targetIds = labels }: TokenisedExample): number[] {
  const last = Array.from(labels).findLastIndex((id) => id >= 0);
  return Array.from(targetIds).slice(0, Math.max(0, last));
}

/**
 * The examples with every token that a method embeds as `ids`: those of the text, in a causal model also those of the
 * target but the last.
 */
export const embeddedExamples = (
  examples: readonly TokenisedExample[],
  { isCausal = false }: Pick<InputSide, "isCausal">,
): readonly TokenisedExample[] =>
  isCausal
    ? examples.map((example) => ({ ...example, ids: [...Array.from(example.ids), ...readTargets(example)] }))
    : examples;
