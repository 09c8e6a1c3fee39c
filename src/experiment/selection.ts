import * as z from "zod";

/** What chooses a run's checkpoint on validation: the task's first metric, the share of exact matches, or the loss. */
export const Selection = z.enum(["metric", "accuracy", "loss"]);
export type Selection = z.infer<typeof Selection>;
