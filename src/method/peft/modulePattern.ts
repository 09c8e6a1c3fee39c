import { endsOf, type PatternBudget, type PatternNode } from "./patternNode.ts";

const NONE: ReadonlySet<number> = new Set<number>();
const isDigit = (character: string | undefined): boolean => character !== undefined && /[0-9]/.test(character);

/** Whether a pattern matches the whole of a name, as `re.fullmatch` does: PEFT's target_modules, exclude_modules. */
export function matchesWhole(node: PatternNode, name: string, budget: PatternBudget): boolean {
  return endsOf(node, name, new Set([0]), budget).has(name.length);
}

/**
 * Whether a pattern matches a name from its start or from a dot to its end: PEFT's rank_pattern and alpha_pattern,
 * `(.*\.)?(PATTERN)$`.
 */
export function matchesEnd(node: PatternNode, name: string, budget: PatternBudget): boolean {
  const starts = [...name].flatMap((character, at) => (character === "." ? [at + 1] : []));
  return endsOf(node, name, new Set([0, ...starts]), budget).has(name.length);
}

/** The number of a layer behind a place of a name, as ".NUMBER."; undefined where there is none. */
function numberAt(name: string, at: number): number | undefined {
  const found = /^\.([0-9]+)\./.exec(name.slice(at));
  return found === null ? undefined : Number(found[1]);
}

/**
 * The number of the layer that a module is in: the first part of its name that is a number, as PEFT reads it where
 * layers_pattern is left out (`.*?\.[^.]*\.(\d+)\.`): not the first or second part of the name.
 */
export function layerOf(name: string): number | undefined {
  const parts = name.split(".");
  const at = parts.findIndex((part, i) => i >= 2 && i < parts.length - 1 && [...part].every(isDigit) && part !== "");
  return at < 0 ? undefined : Number(parts[at]);
}

/**
 * The numbers of the layer of a module in the list of layers that a pattern names, `(?:^|.*?\.)PATTERN\.(\d+)\.`: those
 * of the first place where one matches. More than one: Python's choice depends on its order of search.
 */
export function layersBehind(node: PatternNode, name: string, budget: PatternBudget): ReadonlySet<number> {
  const starts = [0, ...[...name].flatMap((character, at) => (character === "." ? [at + 1] : []))];
  for (const start of starts) {
    const ends = [...endsOf(node, name, new Set([start]), budget)];
    const numbers = new Set(ends.flatMap((at) => numberAt(name, at) ?? []));
    if (numbers.size > 0) return numbers;
  }
  return NONE;
}

/** A pattern that may not be spliced into another: its choices would reach beyond its own place. */
export const isOpenChoice = (node: PatternNode): boolean => node.kind === "choice";
