/**
 * Units of an experiment beyond which it is not checked. In a file of its own: the window needs it at its start,
 * without the schemas of the protocol.
 */
export const LONGEST_CHECKED = 2_000_000;
