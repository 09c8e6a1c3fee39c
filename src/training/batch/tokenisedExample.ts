/** One example as text and as token ids. Both id lists end with end-of-sequence, unless they were cut to a length. */
export interface TokenisedExample {
  input: string;
  target: string;
  /** Every right answer, where the task has several. */
  answers?: readonly string[] | undefined;
  /** The question that the rows of MultiRC share. */
  group?: string | undefined;
  /** Assertions that generated code must satisfy. */
  tests?: readonly string[] | undefined;
  /** Token ids of the input. */
  ids: ArrayLike<number>;
  /** Token ids of the target; -100 for a token that is read but not trained. */
  labels: ArrayLike<number>;
  /** The target's own tokens, where some of the labels are -100. */
  targetIds?: ArrayLike<number> | undefined;
}

/** The part of a tokenizer that `tokenise` uses. */
export interface IdEncoder {
  encodeIds(text: string, options: { addSpecial?: boolean; maxLength?: number }): Promise<ArrayLike<number>>;
}

/** Tokenises examples; ids are cut to the lengths given (in tokens, end-of-sequence included). */
export async function tokenise(
  examples: readonly { source: string; target: string; answers?: string[]; group?: string; tests?: string[] }[],
  tokenizer: IdEncoder,
  lengths: { maxSourceLength: number; maxTargetLength: number },
): Promise<TokenisedExample[]> {
  return Promise.all(
    examples.map(async ({ source, target, answers, group, tests }) => ({
      input: source,
      target,
      answers,
      group,
      tests,
      ids: await tokenizer.encodeIds(source, { addSpecial: true, maxLength: lengths.maxSourceLength }),
      labels: await tokenizer.encodeIds(target, { addSpecial: true, maxLength: lengths.maxTargetLength }),
    })),
  );
}
