import type { Phrase } from "../../base/phrase.ts";

/** Quantiles of a value over steps: 5 %, median, 95 %, largest. */
export interface Spread {
  low: number;
  median: number;
  high: number;
  most: number;
}

/** Statistics of one component's training over the steps after warm-up. */
export interface ComponentStability {
  group: string;
  /** Learning rate. */
  rate: number;
  /** Gradient norm of a step. */
  gradient: Spread;
  /** |update| / |weights| of a step. */
  ratio: Spread;
  /** Steps whose gradient is over ten times the median. */
  spikes: number;
  /** Steps without a gradient. */
  still: number;
  /** A learning rate to try, or undefined where the present one is within the usual range. */
  advice: { rate: number; why: string; phrase?: Phrase } | undefined;
}

/** The stability analysis of a run's training. */
export interface Stability {
  steps: number;
  /** Share of steps whose joint gradient was clipped. */
  clipped: number;
  /** Steps whose loss is above twice the running median of the 50 before. */
  lossSpikes: number;
  finalLoss: number;
  components: ComponentStability[];
  alerts: string[];
}
