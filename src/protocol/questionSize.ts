/**
 * Texts, and units of them, that one question to the token worker may hold: an answer is to come soon, and to be read
 * at one go. In a file of its own: the window needs it at its start, without the schemas of the protocol.
 */
export const MOST_TEXTS = 1000;
export const MOST_UNITS = 16_000;
