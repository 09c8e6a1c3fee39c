import type { CopyProgress } from "../../backbone/files/copySteps.ts";

/** What is done of reading a data file, in bytes; of a packed file the whole is not known. */
export interface DataProgress {
  path: string;
  done: number;
  total: number | undefined;
}

/** How the preparation of a run is watched and ended. */
export interface Preparing {
  progress: (progress: DataProgress | CopyProgress) => void;
  stopRequested: () => boolean;
}

/** Nobody watches. */
export const UNWATCHED: Preparing = { progress: () => undefined, stopRequested: () => false };

/** Ends a preparation because somebody asked for it. */
export class PreparationStopped extends Error {}

/** The time between two looks at whether a preparation is asked to end, in ms. */
const LOOK = 200;

/** @throws PreparationStopped where the preparation was asked to end */
export function checkStop({ stopRequested }: Preparing): void {
  if (stopRequested()) throw new PreparationStopped();
}

/** The next of what others make, which may take long; it is not waited for after a stop. */
async function nextOrStop<T>(next: Promise<T>, preparing: Preparing): Promise<T> {
  let looks: NodeJS.Timeout | undefined;
  const stop = new Promise<never>((_, reject) => {
    looks = setInterval(() => {
      if (preparing.stopRequested()) reject(new PreparationStopped());
    }, LOOK);
  });
  try {
    return await Promise.race([next, stop]);
  } finally {
    clearInterval(looks);
  }
}

/**
 * Gives what threads and processes make, part by part, and ends also in the middle of a part.
 * @throws PreparationStopped
 */
export async function* untilStopped<T>(parts: AsyncIterable<T>, preparing: Preparing): AsyncGenerator<T> {
  const iterator = parts[Symbol.asyncIterator]();
  try {
    for (;;) {
      checkStop(preparing);
      const next = await nextOrStop(iterator.next(), preparing);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // Its end comes after the part that is being made.
    iterator.return?.().catch(() => undefined);
  }
}
