import type { BackboneLayout } from "../backbone/layout.ts";

/** Whether a module is one of the targets, which are last parts of module names, as in PEFT's target_modules. */
export const isTarget = (module: string, targets: readonly string[]): boolean =>
  targets.some((target) => module === target || module.endsWith(`.${target}`));

/** Whether the weight of any of the targets is stored transposed, which PEFT's files call fan_in_fan_out. */
export const anyTransposed = ({ linears }: BackboneLayout, targets: readonly string[]): boolean =>
  linears.some(({ module, isTransposed }) => isTransposed === true && isTarget(module, targets));

/** The last parts of a dotted name. */
export const lastPart = (name: string, parts = 1): string => name.split(".").slice(-parts).join(".");
