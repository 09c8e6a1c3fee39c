/** The shape of one part of a batch: its rows, padded to these lengths in tokens, prompt not included. */
export interface PartShape {
  rows: number;
  source: number;
  target: number;
}

/**
 * The sizes of a graph's symbolic dimensions for a part.
 * @param tokens of the prompt, and the most that are generated
 */
export const partSizes = (
  { rows, source, target }: PartShape,
  { prompt, generated }: { prompt: number; generated: number },
): Record<string, number> => ({
  B: rows,
  S: source,
  T: target,
  P: prompt,
  X: prompt + source,
  K: generated,
  N: source + target,
  R: rows * (source + target),
  U: target,
  M: rows * target,
});
