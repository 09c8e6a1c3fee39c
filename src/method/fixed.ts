import type { TrainableTensor } from "./parameters.ts";

/**
 * The group of a tensor that a method computes once, at step 0, from the backbone or the training split, and that is
 * never trained: it is saved with the others, but is no parameter and has neither gradient nor learning rate.
 */
export const FIXED = "fixed";

/** Whether a tensor is computed at step 0 and then kept. */
export const isFixed = ({ group }: Pick<TrainableTensor, "group">): boolean => group === FIXED;
