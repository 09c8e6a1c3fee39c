/** The metric that a run is judged by: the task's own, which is the first of every evaluation. */
export function leadingMetric(metrics: Readonly<Record<string, number>>): { name: string; value: number } | undefined {
  const [first] = Object.entries(metrics);
  return first && { name: first[0], value: first[1] };
}

/** The name under which the loss is compared where a metric is asked for. */
export const LOSS = "loss";

const CORRELATIONS = ["matthews", "pearson", "spearman"];
const NAMES: Record<string, string> = {
  f1: "F1",
  macroF1: "macro F1",
  em: "exact match",
  answerF1: "answer F1",
  f1a: "F1 over answers",
  groupEm: "questions all right",
  finalNumber: "final number",
  matthews: "Matthews",
  pearson: "Pearson",
  spearman: "Spearman",
};

/** A metric's name for display. */
export const metricName = (name: string): string => NAMES[name] ?? name.replace(/^passAt(?=\d)/, "pass@");

/** Whether a metric is a correlation (-1 to 1); all others are shares (0 to 1). */
export const isCorrelation = (name: string): boolean => CORRELATIONS.includes(name);

/** A metric's value for display: a correlation or a loss with three decimals, a share in percent. */
export const metricValue = (name: string, value: number): string =>
  isCorrelation(name) || name === LOSS ? value.toFixed(3) : `${(100 * value).toFixed(1)} %`;
