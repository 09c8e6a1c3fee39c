/** What is done of reading a data file, in bytes; of a packed file the whole is not known. */
export interface DataProgress {
  path: string;
  done: number;
  total: number | undefined;
}

/** How the preparation of a run is watched and ended. */
export interface Preparing {
  progress: (progress: DataProgress) => void;
  stopRequested: () => boolean;
}

/** Nobody watches. */
export const UNWATCHED: Preparing = { progress: () => undefined, stopRequested: () => false };

/** Ends a preparation because somebody asked for it. */
export class PreparationStopped extends Error {}
