/** Whether a module is one of the targets, which are last parts of module names, as in PEFT's target_modules. */
export const isTarget = (module: string, targets: readonly string[]): boolean =>
  targets.some((target) => module === target || module.endsWith(`.${target}`));

/** The last parts of a dotted name. */
export const lastPart = (name: string, parts = 1): string => name.split(".").slice(-parts).join(".");
