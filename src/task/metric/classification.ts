import { strip } from "./pythonText.ts";

/** The id of a text that equals none of the labels. */
export const UNPARSABLE = -1;

/** The index of the label that a prediction equals, white space at both ends stripped; -1 if none. */
export const labelId = (prediction: string, labels: readonly string[]): number => labels.indexOf(strip(prediction));

/** Scores of one label, each 0..1. */
export interface LabelScores {
  precision: number;
  recall: number;
  f1: number;
}

/** Precision, recall and F1 of one label against all others; a ratio of zero counts is 0. */
export function labelScores(targets: readonly number[], predictions: readonly number[], label: number): LabelScores {
  let hits = 0;
  let predicted = 0;
  let wanted = 0;
  targets.forEach((target, i) => {
    if (target === label) wanted++;
    if (predictions[i] === label) predicted++;
    if (target === label && predictions[i] === label) hits++;
  });
  return {
    precision: predicted === 0 ? 0 : hits / predicted,
    recall: wanted === 0 ? 0 : hits / wanted,
    f1: predicted + wanted === 0 ? 0 : (2 * hits) / (predicted + wanted),
  };
}

/** Share of predictions that equal their target (0..1). */
export const idAccuracy = (targets: readonly number[], predictions: readonly number[]): number =>
  targets.filter((target, i) => predictions[i] === target).length / targets.length;

/** Mean F1 over all labels, including labels that never occur. */
export const macroF1 = (targets: readonly number[], predictions: readonly number[], labels: number): number =>
  Array.from({ length: labels }, (_, label) => labelScores(targets, predictions, label).f1).reduce((a, b) => a + b, 0) /
  labels;

/**
 * The confusion matrix: a row for each target label; a column for predictions that are no label, then one for each
 * label.
 */
export function confusion(targets: readonly number[], predictions: readonly number[], labels: number): number[][] {
  const counts = Array.from({ length: labels }, () => new Array<number>(labels + 1).fill(0));
  targets.forEach((target, i) => {
    counts[target]![predictions[i]! + 1]! += 1;
  });
  return counts;
}

/**
 * Matthews' correlation for any number of classes (Gorodkin 2004). Predictions that are no label are one more class;
 * the result is 0 where it is undefined.
 */
export function matthews(targets: readonly number[], predictions: readonly number[]): number {
  const counts = new Map<number, { target: number; predicted: number }>();
  const at = (id: number): { target: number; predicted: number } => {
    const found = counts.get(id) ?? { target: 0, predicted: 0 };
    counts.set(id, found);
    return found;
  };
  let right = 0;
  targets.forEach((target, i) => {
    at(target).target++;
    at(predictions[i]!).predicted++;
    if (target === predictions[i]) right++;
  });
  const all = [...counts.values()];
  const n = targets.length;
  const sum = (value: (count: { target: number; predicted: number }) => number): number =>
    all.reduce((total, count) => total + value(count), 0);
  const spread = (n * n - sum((c) => c.predicted ** 2)) * (n * n - sum((c) => c.target ** 2));
  return spread === 0 ? 0 : (right * n - sum((c) => c.target * c.predicted)) / Math.sqrt(spread);
}

/** The official code's rule for two classes: a prediction that is no label counts as the opposite of its target. */
export const invalidIsOpposite = (targets: readonly number[], predictions: readonly number[]): number[] =>
  predictions.map((id, i) => (id === UNPARSABLE ? 1 - targets[i]! : id));
