/**
 * Measures of a token that the heatmap can show: "norm": the L2 of its offset; "units": hidden units that it switches
 * on; "cosine": of its offset to the mean offset; "position": the L2 of DePT's offset at its place.
 */
export const MEASURES = ["norm", "units", "cosine", "position"] as const;
export type Measure = (typeof MEASURES)[number];
