// Free of schemas: the extension loads these numbers at its start, and zod only with the host bundle.

/** Characters of an experiment file beyond which it is not checked. */
export const LONGEST_CHECKED = 2_000_000;
/** Texts in one question to the token worker, so that its answer comes soon and is read at once. */
export const MOST_TEXTS = 1000;
/** Characters of all texts in one question to the token worker. */
export const MOST_UNITS = 16_000;
