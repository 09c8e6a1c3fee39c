import type { Regularisation } from "./method.ts";
import type { AnySpec } from "./trained.ts";
import { methodOf } from "./registry.ts";

const NONE: Regularisation = { hiddenDropout: 0, offsetPenalty: 0 };

/** The regularisation that training applies for a method. */
export const regularisationOf = (spec: AnySpec): Regularisation => methodOf(spec.kind).regularisation?.(spec) ?? NONE;
