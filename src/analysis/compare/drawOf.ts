import type { Experiment } from "../../experiment/experiment.ts";

/**
 * What is random in a run: its seed and that of its few-shot draw. Runs of other settings are paired by it, and of two
 * runs of one setting that share it the second tells nothing new.
 */
export const drawOf = ({ seed, task }: Experiment): string => JSON.stringify([seed, task.shots?.seed ?? seed]);
