/** One example as text and as token ids. */
export interface TokenisedExample {
  input: string;
  target: string;
  /** Every right answer, where the task has several. */
  answers?: readonly string[] | undefined;
  /** The question that the rows of MultiRC share. */
  group?: string | undefined;
  /** Assertions that generated code must satisfy. */
  tests?: readonly string[] | undefined;
  /** Token ids of the input: all that is read before the first trained token. */
  ids: ArrayLike<number>;
  /** Token ids of the target, its end token included unless it was cut; -100 for a token that is not trained. */
  labels: ArrayLike<number>;
  /** The target's own tokens, where some of the labels are -100. */
  targetIds?: ArrayLike<number> | undefined;
  /** Tokens that were cut away to fit the lengths, the input's after its first `at`; only where there are any. */
  cut?: { source: number; target: number; at: number } | undefined;
}
