import { endsOf, type PatternBudget, type PatternNode } from "./patternNode.ts";

const NONE: ReadonlySet<number> = new Set<number>();
/** The start of a name, and the places behind its dots. */
const startsOf = (name: string): number[] => [
  0,
  ...[...name].flatMap((character, at) => (character === "." ? [at + 1] : [])),
];
const isDigit = (character: string | undefined): boolean => character !== undefined && /[0-9]/.test(character);

/** Whether a pattern matches the whole of a name, as `re.fullmatch` does: PEFT's target_modules, exclude_modules. */
export function matchesWhole(node: PatternNode, name: string, budget: PatternBudget): boolean {
  return endsOf(node, name, new Set([0]), budget).has(name.length);
}

/** How many characters each match has, where that follows from the pattern: most patterns are names. */
function lengthOf(node: PatternNode): number | undefined {
  if (node.kind !== "sequence") return node.kind === "one" ? 1 : undefined;
  const lengths = node.parts.map((part) => (part.kind === "at" ? 0 : lengthOf(part)));
  return lengths.some((length) => length === undefined)
    ? undefined
    : lengths.reduce<number>((sum, length) => sum + (length ?? 0), 0);
}

/**
 * Tells whether a pattern matches a name from its start or from a dot to its end: PEFT's rank_pattern and
 * alpha_pattern, `(.*\.)?(PATTERN)$`.
 */
export function endMatcher(node: PatternNode, budget: PatternBudget): (name: string) => boolean {
  const length = lengthOf(node);
  return (name) => {
    const starts = length === undefined ? startsOf(name) : [name.length - length];
    const possible = starts.filter((at) => at === 0 || name[at - 1] === ".");
    return possible.length > 0 && endsOf(node, name, new Set(possible), budget).has(name.length);
  };
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
  for (const start of startsOf(name)) {
    const ends = [...endsOf(node, name, new Set([start]), budget)];
    const numbers = new Set(ends.flatMap((at) => numberAt(name, at) ?? []));
    if (numbers.size > 0) return numbers;
  }
  return NONE;
}

/** A pattern that may not be spliced into another: its choices would reach beyond its own place. */
export const isOpenChoice = (node: PatternNode): boolean => node.kind === "choice";
