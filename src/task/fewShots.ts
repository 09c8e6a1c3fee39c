import { permutation } from "../base/random.ts";
import type { Example } from "./example.ts";
import type { ExampleSource } from "./exampleSource.ts";
import { numpyPermutation } from "./numpyShuffle.ts";

/**
 * Draws k training examples in a seeded order, class by class in turn, so that the counts of two classes differ by at
 * most one while both have examples left. Where k is no multiple of the number of classes, the first classes get one
 * more.
 */
export function balancedShots(train: ExampleSource, k: number, seed: number): Example[] {
  const byTarget = new Map<string, number[]>();
  for (const at of permutation(train.length, seed)) {
    const target = train.target(at);
    const same = byTarget.get(target);
    if (same === undefined) byTarget.set(target, [at]);
    // More than k of one class are never drawn.
    else if (same.length < k) same.push(at);
  }
  const classes = [...byTarget].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, examples]) => examples);
  const chosen: number[] = [];
  for (let round = 0; chosen.length < k && classes.some((examples) => examples.length > round); round++) {
    for (const examples of classes) chosen.push(...examples.slice(round, chosen.length < k ? round + 1 : round));
  }
  return chosen.map((at) => train.example(at));
}

/**
 * Draws training examples as the official ADePT code does (train.py, lines 633-651): floor(k / classes) of each class
 * in shuffled order. The k-th may be of any class, so two classes may end 3:1 at k = 4; where k leaves a remainder of
 * two or more, fewer than k are drawn.
 * @param classOf the class of a target
 * @param classes how many classes there are
 */
export function officialShots(
  train: ExampleSource,
  { k, seed }: { k: number; seed: number },
  { classOf, classes }: { classOf: (target: string) => string; classes: number },
): Example[] {
  const each = Math.floor(k / classes);
  const counts = new Map<string, number>();
  const chosen: Example[] = [];
  for (const at of numpyPermutation(train.length, seed)) {
    if (chosen.length === k) break;
    const name = classOf(train.target(at));
    const count = counts.get(name) ?? 0;
    if (count >= each && chosen.length !== k - 1) continue;
    counts.set(name, count + 1);
    chosen.push(train.example(at));
  }
  return chosen;
}
