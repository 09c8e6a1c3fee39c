import type { BackboneLayout } from "../backbone/layout.ts";
import { methodOf } from "./registry.ts";
import type { AnySpec } from "./trained.ts";

/** The longest text and the longest target, in tokens. */
export interface Lengths {
  text: number;
  target: number;
}

/**
 * The rows of a method's position table, and how many are needed, where it has too few. In a causal model the tokens of
 * a target have the places behind the text's.
 */
export function tooFewPositions(
  spec: AnySpec,
  layout: BackboneLayout,
  { text, target }: Lengths,
): { rows: number; needed: number } | undefined {
  const rows = methodOf(spec.kind).positionRows?.(spec, layout) ?? Infinity;
  const needed = layout.isCausal ? text + target : text;
  return needed > rows ? { rows, needed } : undefined;
}
