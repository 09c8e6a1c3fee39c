import { isTarget } from "./target.ts";

/** The value that a table by names of layers has for a module: that of the first name that ends it. */
export function valueFor(table: Readonly<Record<string, number>> | undefined, module: string): number | undefined {
  if (table === undefined) return undefined;
  return Object.entries(table).find(([name]) => isTarget(module, [name]))?.[1];
}

/** A table by names of layers as PEFT's patterns, which are regular expressions. */
export const asPatterns = (table: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(table).map(([name, value]) => [name.replace(/[^A-Za-z0-9_]/g, "\\$&"), value]));
