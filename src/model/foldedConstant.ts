import type { BackboneLayout } from "../backbone/layout.ts";
import type { EngineSpec } from "../engine/engineSpec.ts";
import type { ConstantValue } from "../graph/value.ts";

/** The largest folded table in bytes that is compiled as a constant into each program that reads it. */
const MOST_CONSTANT = 256e6;

/**
 * The folded table as a constant, where feeding it would copy it at every call. On the processor feeds are not copied.
 */
export function foldedConstant(
  { folded, engine }: { folded?: Float32Array; engine: Pick<EngineSpec, "device"> },
  layout: BackboneLayout,
): ConstantValue | undefined {
  if (folded === undefined || engine.device === "cpu" || folded.byteLength > MOST_CONSTANT) return undefined;
  return { kind: "constant", type: "float32", shape: [layout.vocabulary, layout.width], data: folded };
}
