/**
 * Measures of a token that the heatmap can show. "norm": the L2 norm of its offset; "units": the number of hidden units
 * that it switches on; "cosine": the cosine of its offset and the mean offset; "position": the L2 norm of DePT's offset
 * at its place.
 */
export const MEASURES = ["norm", "units", "cosine", "position"] as const;
/** The name of a measure. */
export type Measure = (typeof MEASURES)[number];
