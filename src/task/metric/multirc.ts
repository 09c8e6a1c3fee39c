import { idAccuracy, invalidIsOpposite, labelId, labelScores } from "./classification.ts";

const LABELS = ["0", "1"];
/** One answer of a MultiRC question; target and prediction are "0" (wrong) or "1" (right). */
export interface MultircRow {
  question: string;
  target: string;
  prediction: string;
}

/**
 * Scores MultiRC: F1 of the right answers over all answers (f1a), share of questions whose answers are all predicted
 * right (em), mean F1 of a question (f1m). A prediction that is no label counts as negative. In the official code,
 * whose scores are `...InvalidIsOpposite`, it counts as the opposite of its target.
 */
export function scoreMultirc(rows: readonly MultircRow[]): {
  f1a: number;
  f1aInvalidIsOpposite: number;
  f1mInvalidIsOpposite: number;
  em: number;
  accuracy: number;
  questions: number;
} {
  const targets = rows.map(({ target }) => labelId(target, LABELS));
  const predictions = rows.map(({ prediction }) => labelId(prediction, LABELS));
  const opposite = invalidIsOpposite(targets, predictions);
  const questions = new Map<string, number[]>();
  rows.forEach(({ question }, i) => {
    questions.set(question, [...(questions.get(question) ?? []), i]);
  });
  const each = [...questions.values()];
  const pick = (values: number[], at: number[]): number[] => at.map((i) => values[i]!);
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    f1a: labelScores(targets, predictions, 1).f1,
    f1aInvalidIsOpposite: labelScores(targets, opposite, 1).f1,
    f1mInvalidIsOpposite: mean(each.map((at) => labelScores(pick(targets, at), pick(opposite, at), 1).f1)),
    em: mean(each.map((at) => Number(at.every((i) => targets[i] === predictions[i])))),
    accuracy: idAccuracy(targets, predictions),
    questions: each.length,
  };
}
