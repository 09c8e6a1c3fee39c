import type { Example } from "./example.ts";

/** A target and the number of examples that have it. */
export interface CountedTarget {
  text: string;
  count: number;
}

/** Examples as text, which may lie on disk: a few are read, of the others the targets alone. */
export interface ExampleSource {
  readonly length: number;
  example(index: number): Example;
  target(index: number): string;
  /** The different targets in the order in which they come; undefined where there are too many to be kept. */
  counted(): CountedTarget[] | undefined;
  /** The number of different targets. */
  distinct(): number;
  /** The commonest target; of several the one that comes first. Only of a source that has examples. */
  commonest(): string;
  /** The number of examples that have a target. */
  count(target: string): number;
}

/** Counts targets in the order in which they come. */
function counted(examples: readonly Example[]): CountedTarget[] {
  const counts = new Map<string, number>();
  for (const { target } of examples) counts.set(target, (counts.get(target) ?? 0) + 1);
  return [...counts].map(([text, count]) => ({ text, count }));
}

/** Examples in memory. */
export const sourceOf = (examples: readonly Example[]): ExampleSource => ({
  length: examples.length,
  example: (index) => examples[index]!,
  target: (index) => examples[index]!.target,
  counted: () => counted(examples),
  distinct: () => new Set(examples.map(({ target }) => target)).size,
  commonest: () => counted(examples).reduce((most, each) => (each.count > most.count ? each : most)).text,
  count: (target) => examples.filter((each) => each.target === target).length,
});
