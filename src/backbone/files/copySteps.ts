/** What is done of a copy of weights in the cache, in bytes. */
export interface CopyProgress {
  /** The model's file that is copied; of several files the first. */
  path: string;
  /** Whether the model's file is hashed, its copy written, or a copy that is there compared with its hash. */
  doing: "hashing" | "copying" | "checking";
  done: number;
  total: number;
}

/**
 * Work on a copy that takes minutes for a large model, in pieces of some ten milliseconds: between two of them its
 * caller can tell the progress, or end it with `return`, which leaves no half file.
 */
export type CopySteps<T> = Generator<CopyProgress, T, undefined>;
/** The same, with the bytes done since the last piece. */
export type ByteSteps<T> = Generator<number, T, undefined>;

/** Does all steps at once. */
export function finished<T>(steps: Generator<unknown, T, undefined>): T {
  for (;;) {
    const next = steps.next();
    if (next.done === true) return next.value;
  }
}

/** Sums the bytes of steps up. */
export function* counted<T>(steps: ByteSteps<T>, progress: Omit<CopyProgress, "done">): CopySteps<T> {
  let done = 0;
  let isEnded = false;
  try {
    for (;;) {
      const next = steps.next();
      isEnded = next.done === true;
      if (next.done === true) return next.value;
      done += next.value;
      yield { ...progress, done };
    }
  } finally {
    // Ended in between: the steps remove what they have written.
    if (!isEnded) steps.return(undefined as T);
  }
}
