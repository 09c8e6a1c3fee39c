import type { TokenisedExample } from "./tokenisedExample.ts";

/** The sizes of an example in tokens: of its input and its target, and whether something was cut off each. */
export interface ExampleShape {
  source: number;
  target: number;
  isSourceCut: boolean;
  isTargetCut: boolean;
}

/** Examples in order, in memory or on disk. An array is such a list. */
export interface ExampleList {
  readonly length: number;
  at(index: number): TokenisedExample | undefined;
  /** The sizes of an example; a list that is on disk knows them without reading it. */
  shape?(index: number): ExampleShape;
}

/** The sizes of an example of a list. */
export function shapeOf(list: ExampleList, index: number): ExampleShape {
  if (list.shape !== undefined) return list.shape(index);
  const { ids, labels, cut } = list.at(index)!;
  return {
    source: ids.length,
    target: labels.length,
    isSourceCut: (cut?.source ?? 0) > 0,
    isTargetCut: (cut?.target ?? 0) > 0,
  };
}

/**
 * The tokens of an example that a method embeds: those of its text, in a causal model also those of its target but the
 * last.
 */
export function embeddedTokens(list: ExampleList, index: number, isCausal: boolean): number {
  const { source, target } = shapeOf(list, index);
  return source + (isCausal ? Math.max(0, target - 1) : 0);
}

/** The longest input of a list in tokens, at least 1. */
export function longestSource(list: ExampleList): number {
  let most = 1;
  for (let at = 0; at < list.length; at++) most = Math.max(most, shapeOf(list, at).source);
  return most;
}

/** Several lists as one. */
export function joinedLists(lists: readonly ExampleList[]): ExampleList {
  const place = (index: number): [ExampleList, number] => {
    let at = index;
    for (const list of lists) {
      if (at < list.length) return [list, at];
      at -= list.length;
    }
    throw new RangeError(`no example ${index}`);
  };
  return {
    length: lists.reduce((sum, { length }) => sum + length, 0),
    at: (index) => {
      const [list, own] = place(index);
      return list.at(own);
    },
    shape: (index) => shapeOf(...place(index)),
  };
}

/** The first examples of a list, as an array. */
export const firstExamples = (list: ExampleList, count: number): TokenisedExample[] =>
  Array.from({ length: Math.min(count, list.length) }, (_, at) => list.at(at)!);

/** As many examples of a list at even distances, all of a shorter one; as an array. */
export function someExamples(list: ExampleList, count: number): TokenisedExample[] {
  return Array.from(spreadPlaces(list.length, count), (place) => list.at(place)!);
}

/** The places of at most `most` of as many examples, at even distances. */
export function spreadPlaces(length: number, most: number): Int32Array<ArrayBuffer> {
  const count = Math.min(most, length);
  const places = new Int32Array(count);
  for (let at = 0; at < count; at++) places[at] = Math.floor((at * length) / count);
  return places;
}
