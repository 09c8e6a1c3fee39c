import { add, matmul } from "../../graph/ops.ts";
import type { Value } from "../../graph/value.ts";
import type { BackboneChanges } from "../changes.ts";

/** Sizes of a linear layer, and how its weight is stored. */
export interface LinearForm {
  from: number;
  to: number;
  bias: boolean;
  /** Whether the stored weight is (from, to) instead of (to, from). */
  isTransposed: boolean;
  /** The weight's name where it is not the module's own: that of a tied head. */
  tensor?: string | undefined;
}

/** x (.., from) through a linear layer: (.., to), with the method's changes. */
export function causalLinear(x: Value, module: string, form: LinearForm, changes: BackboneChanges): Value {
  const { from, to, bias, isTransposed, tensor = `${module}.weight` } = form;
  const read = changes.linearInput(x, module);
  const weight = changes.weight(tensor, isTransposed ? [from, to] : [to, from]);
  const product = matmul(read, weight, { transB: !isTransposed });
  const y = bias ? add(product, changes.weight(`${module}.bias`, [to])) : product;
  return changes.linearOutput(y, read, module);
}
