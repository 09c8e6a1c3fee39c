import { adapter } from "./adapter.ts";
import { adept } from "./adept/adept.ts";
import { bitfit } from "./bitfit.ts";
import { dept } from "./dept.ts";
import { full } from "./full.ts";
import { ia3 } from "./ia3.ts";
import { lora } from "./lora.ts";
import type { Method } from "./method.ts";
import { mpt } from "./mpt.ts";
import { promptTuning } from "./promptTuning.ts";

/**
 * Every method. The types and schemas of experiment files, learning rates and adapter folders follow from this list, in
 * its order.
 */
export const METHODS = [adept, promptTuning, dept, mpt, lora, ia3, adapter, bitfit, full] as const;
export type RegisteredMethod = (typeof METHODS)[number];

const byKind: ReadonlyMap<string, Method> = new Map(METHODS.map((method) => [method.kind, method]));

/** The method of a kind from a file; undefined for a kind that this version does not know. */
export const findMethod = (kind: string): Method | undefined => byKind.get(kind);

/**
 * The method of a kind that a schema has accepted.
 * @throws Error for any other kind
 */
export function methodOf(kind: string): Method {
  const method = findMethod(kind);
  if (method === undefined) throw new Error(`there is no method ${kind}`);
  return method;
}
