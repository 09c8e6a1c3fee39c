import type { MethodKind } from "./methodSpec.ts";
import { adapter } from "./adapter.ts";
import { adept } from "./adept.ts";
import { bitfit } from "./bitfit.ts";
import { dept } from "./dept.ts";
import { full } from "./full.ts";
import { ia3 } from "./ia3.ts";
import { lora } from "./lora.ts";
import type { Method } from "./method.ts";
import { mpt } from "./mpt.ts";
import { promptTuning } from "./promptTuning.ts";

const METHODS: { [K in MethodKind]: Method<K> } = {
  adept,
  pt: promptTuning,
  dept,
  mpt,
  lora,
  ia3,
  adapter,
  bitfit,
  full,
};

/**
 * A method by its kind. The caller hands it the spec of that same kind, which the type system cannot follow through a
 * union.
 */
export const methodOf = (kind: MethodKind): Method => METHODS[kind] as unknown as Method;
