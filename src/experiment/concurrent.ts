/** The largest number of a cluster's runs at once that can be asked for. */
export const MOST_CONCURRENT = 100_000;

/** The number of runs at once that a person has written, 0 for no limit; undefined where it is none. */
export const concurrentOf = (text: string): number | undefined =>
  /^\d{1,6}$/.test(text.trim()) && Number(text) <= MOST_CONCURRENT ? Number(text) : undefined;
