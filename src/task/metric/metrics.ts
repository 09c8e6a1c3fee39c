import { matchAnswers } from "./answerMatch.ts";
import { idAccuracy, labelId, labelScores, macroF1, matthews } from "./classification.ts";
import { pearson, spearman } from "./correlation.ts";
import { finalNumber } from "./finalNumber.ts";
import { scoreMultirc } from "./multirc.ts";
import { strip, toFloat } from "./pythonText.ts";

/** A prediction with the target, answers or group that it is scored by. */
export interface Scored {
  prediction: string;
  target: string;
  /** Every right answer; the default is the target. */
  answers?: readonly string[] | undefined;
  /** The question of a row of MultiRC. */
  group?: string | undefined;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const ids = (texts: readonly string[], labels: readonly string[]): number[] =>
  texts.map((text) => labelId(text, labels));

type Metric = (cases: readonly Scored[], labels: readonly string[]) => number;
const classified =
  (of: (targets: number[], predictions: number[], labels: number) => number): Metric =>
  (cases, labels) =>
    of(
      ids(
        cases.map(({ target }) => target),
        labels,
      ),
      ids(
        cases.map(({ prediction }) => prediction),
        labels,
      ),
      labels.length,
    );
const correlated =
  (of: typeof pearson): Metric =>
  (cases) =>
    of(
      cases.map(({ target }) => toFloat(target)),
      cases.map(({ prediction }) => toFloat(prediction)),
    ).value;
const answered =
  (key: "em" | "f1"): Metric =>
  (cases) =>
    mean(cases.map(({ prediction, target, answers }) => matchAnswers(prediction, answers ?? [target])[key]));
const multirc =
  (key: "f1a" | "em"): Metric =>
  (cases, [no = "", yes = ""]) => {
    const digit = (text: string): string => {
      if (strip(text) === yes) return "1";
      return strip(text) === no ? "0" : text;
    };
    return scoreMultirc(
      cases.map(({ group, target, prediction }, i) => ({
        question: group ?? String(i),
        target: digit(target),
        prediction: digit(prediction),
      })),
    )[key];
  };

/** Every metric of the named tasks; shares are 0..1, correlations -1..1. A metric is one line here. */
const METRICS = {
  accuracy: (cases) =>
    idAccuracy(
      cases.map((_, i) => i),
      cases.map(({ prediction, target }, i) => (strip(prediction) === strip(target) ? i : -1)),
    ),
  finalNumber: (cases) =>
    mean(
      cases.map(({ prediction, target }) => {
        const number = finalNumber(prediction);
        return Number(number !== undefined && number === finalNumber(target));
      }),
    ),
  f1: classified((targets, predictions) => labelScores(targets, predictions, 1).f1),
  macroF1: classified(macroF1),
  matthews: classified(matthews),
  pearson: correlated(pearson),
  spearman: correlated(spearman),
  em: answered("em"),
  answerF1: answered("f1"),
  f1a: multirc("f1a"),
  groupEm: multirc("em"),
} satisfies Record<string, Metric>;
/** The name of a metric. */
export type MetricName = keyof typeof METRICS;

/**
 * Computes metrics of predictions, in the order asked for.
 * @param labels target strings of the classes, in official order
 */
export function score(
  names: readonly MetricName[],
  cases: readonly Scored[],
  labels: readonly string[],
): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, METRICS[name](cases, labels)]));
}
