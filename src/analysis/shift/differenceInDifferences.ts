import { pairedBootstrap } from "../statistics/pairedBootstrap.ts";
import { seedInterval } from "../statistics/seedInterval.ts";
import type { SeedSummary } from "../../protocol/results/intervals.ts";
import type { PositionShift } from "../../protocol/results/positionShift.ts";

/**
 * A method's change in the share of right predictions under a shift, minus the change of the control. All values are
 * shares, -1 to 1.
 */
export interface DoubleDifference {
  /** The shift's case, such as "T1 k=4". */
  label: string;
  /** The mean over seeds with its t-interval. */
  seeds: SeedSummary;
  /** The mean over seeds with a percentile bootstrap interval over examples. */
  examples: { n: number; difference: number; interval: [low: number, high: number] };
}

interface Pair {
  method: PositionShift;
  control: PositionShift;
}

/** The change of each example from unshifted to shifted (-1, 0 or 1), by the example's index in the test split. */
function changes({ full, cases, examples }: PositionShift, label: string): Map<number, number> | undefined {
  const right = cases.find((each) => each.label === label)?.right;
  return right === undefined
    ? undefined
    : new Map(examples.map((example, i) => [example, Number(right[i]) - Number(full.right[i])]));
}

/**
 * Computes the difference in differences of each case, over the examples that all runs shifted.
 * @param pairs the results of a method's run and of the control's, one pair per seed, on the same test split
 * @returns an empty list where the test splits differ
 */
export function doubleDifferences(pairs: readonly Pair[]): DoubleDifference[] {
  const [first] = pairs;
  const shared = pairs.every(
    ({ method, control }) => method.texts === control.texts && method.texts === first?.method.texts,
  );
  if (first === undefined || !shared) return [];
  return first.method.cases.flatMap(({ label }) => {
    const each = pairs.map(({ method, control }) => ({ own: changes(method, label), other: changes(control, label) }));
    const complete = each.flatMap(({ own, other }) =>
      own === undefined || other === undefined ? [] : [{ own, other }],
    );
    const examples = [...(complete[0]?.own.keys() ?? [])].filter((example) =>
      complete.every(({ own, other }) => own.has(example) && other.has(example)),
    );
    if (complete.length !== pairs.length || examples.length < 2) return [];
    const average = (of: (pair: (typeof complete)[number]) => Map<number, number>): number[] =>
      examples.map((example) => complete.reduce((sum, pair) => sum + of(pair).get(example)!, 0) / complete.length);
    const { difference, percentile, n } = pairedBootstrap(
      average(({ own }) => own),
      average(({ other }) => other),
    );
    const seeds = seedInterval(
      complete.map(
        ({ own, other }) =>
          examples.reduce((sum, example) => sum + own.get(example)! - other.get(example)!, 0) / examples.length,
      ),
    );
    return [{ label, seeds, examples: { n, difference, interval: percentile } }];
  });
}
