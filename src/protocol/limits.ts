// This file imports no schemas: the extension loads it at its start, but zod only with the host bundle.

/** The longest experiment file that is checked, in characters. */
export const LONGEST_CHECKED = 2_000_000;
/** The most texts in one request to the token worker, so that it answers soon and can read the next request. */
export const MOST_TEXTS = 1000;
/** The most characters of all texts in one request to the token worker. */
export const MOST_UNITS = 16_000;
