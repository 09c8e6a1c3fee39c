import { leadingMetric, LOSS } from "./metricText.ts";
import type { RunRecord } from "./record.ts";

/** Metrics that are a share of examples, each right or wrong. */
const SHARES = ["accuracy", "em", "finalNumber"];
/** The normal quantile of a 95 % interval. */
const Z = 1.959964;

/** What the test of a run says. */
export interface Outcome {
  /** The leading metric, or `LOSS` where the task is judged by it. */
  metric: string;
  value: number;
  examples: number;
  /** 95 % interval of a share of examples, for other examples of the same kind. */
  interval?: { low: number; high: number };
  /** The better one of what is known without training. */
  baseline?: { of: "majority" | "untrained"; value: number };
  /** How far the value is better than the baseline; negative: worse. */
  gain?: number;
  /** Whether the interval excludes the baseline. */
  isTold: boolean;
}

/** Wilson's score interval (1927) of a share of n examples: unlike the normal one it is not empty at 0 and 1. */
export function shareInterval(share: number, n: number): { low: number; high: number } {
  const scale = 1 + Z ** 2 / n;
  const centre = (share + Z ** 2 / (2 * n)) / scale;
  const half = (Z / scale) * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** The result of a run on the test split beside what is known without training; undefined until it is tested. */
export function outcomeOf({ evaluations, majority }: RunRecord): Outcome | undefined {
  const tested = (label: string): RunRecord["evaluations"][number] | undefined =>
    evaluations.findLast((each) => each.split === "test" && each.label === label);
  const trained = tested("trained");
  if (trained === undefined) return undefined;
  const leading = leadingMetric(trained.metrics);
  const metric = leading?.name ?? LOSS;
  const untrained = tested("untrained");
  const without = metric === LOSS ? untrained?.loss : untrained?.metrics[metric];
  const value = leading?.value ?? trained.loss;
  const result = { metric, value, examples: trained.examples };
  const interval = SHARES.includes(metric) ? { interval: shareInterval(value, trained.examples) } : {};
  const isMajority = metric === "accuracy" && majority !== undefined && majority >= (without ?? 0);
  const known = isMajority ? majority : without;
  if (known === undefined) return { ...result, ...interval, isTold: false };
  return {
    ...result,
    ...interval,
    baseline: { of: isMajority ? "majority" : "untrained", value: known },
    gain: metric === LOSS ? known - value : value - known,
    isTold: interval.interval !== undefined && (known < interval.interval.low || known > interval.interval.high),
  };
}
