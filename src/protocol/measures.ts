/**
 * What is shown of a token: the L2 of its offset, how many hidden units it switches on, the cosine of its offset to the
 * mean offset, the L2 of DePT's offset at its place.
 */
export const MEASURES = ["norm", "units", "cosine", "position"] as const;
export type Measure = (typeof MEASURES)[number];
