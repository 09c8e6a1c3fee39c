/**
 * Which tokens of an input stay where it is longer than `most`. The middle of `span` is cut away: instructions stand at
 * the beginning of a text, and the question or the beginning of the answer at its end. Where the span is too short,
 * the tokens after the first `lead` go, and the end stays.
 * @param span the tokens that may be cut: [from, to)
 * @returns the ranges of tokens that stay
 */
export function keptRanges(
  length: number,
  most: number,
  { span: [from, to], lead }: { span: readonly [number, number]; lead: number },
): [number, number][] {
  const excess = length - most;
  if (excess <= 0) return [[0, length]];
  const start = to - from > excess ? from + Math.ceil((to - from - excess) / 2) : Math.min(lead, most);
  return [
    [0, start],
    [start + excess, length],
  ];
}

/** The values of these ranges. */
export const inRanges = <T>(values: readonly T[], ranges: readonly (readonly [number, number])[]): T[] =>
  ranges.flatMap(([from, to]) => values.slice(from, to));
