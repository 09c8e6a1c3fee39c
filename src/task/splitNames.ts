/** The splits, in the order in which notes name them. */
export const SPLITS = ["train", "validation", "test"] as const;
/** The splits that a model is scored on. */
export const SCORED = ["validation", "test"] as const;
/** The name of a split. */
export type SplitName = (typeof SPLITS)[number];
