import { shapeOf, type ExampleList, type ExampleShape } from "../batch/exampleList.ts";

/** Lists up to this length are looked at whole; of a longer one, the examples with the most tokens. */
const MOST = 100_000;
const LONGEST = 20_000;

/** The lengths of an example. */
export interface ExampleLengths {
  ids: { length: number };
  labels: { length: number };
}

const lengthsOf = ({ source, target }: ExampleShape): ExampleLengths => ({
  ids: { length: source },
  labels: { length: target },
});

/** The least size that at most `count` examples exceed. */
function threshold(sizes: Uint32Array, count: number): number {
  return sizes.slice().sort()[Math.max(0, sizes.length - count - 1)] ?? 0;
}

/** Adds the places of `count` of the largest sizes. */
function addLargest(sizes: Uint32Array, count: number, to: Set<number>): void {
  const least = threshold(sizes, count);
  let left = count;
  // Of those with just that size, as many as there is room for.
  for (const fits of [(size: number) => size > least, (size: number) => size === least])
    for (let at = 0; at < sizes.length && left > 0; at++) {
      if (!fits(sizes[at]!)) continue;
      to.add(at);
      left--;
    }
}

/**
 * The lengths of examples by which the memory of their batches is forecast. Of very many, those with the most tokens in
 * input or target: batches of them are no smaller than the real ones.
 */
export function largestShapes(list: ExampleList): ExampleLengths[] {
  const all = Array.from({ length: Math.min(list.length, MOST) }, (_, at) => at);
  if (list.length <= MOST) return all.map((at) => lengthsOf(shapeOf(list, at)));
  const source = new Uint32Array(list.length);
  const target = new Uint32Array(list.length);
  for (let at = 0; at < list.length; at++) {
    const shape = shapeOf(list, at);
    source[at] = shape.source;
    target[at] = shape.target;
  }
  const chosen = new Set<number>();
  for (const sizes of [source, target]) addLargest(sizes, LONGEST, chosen);
  return [...chosen].map((at) => lengthsOf(shapeOf(list, at)));
}
