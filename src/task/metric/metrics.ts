/** Share of predictions that equal their target, spaces around them aside (0..1). */
export function accuracy(predictions: readonly string[], targets: readonly string[]): number {
  return predictions.filter((p, i) => p.trim() === targets[i]!.trim()).length / predictions.length;
}

/** Accuracy on `targets` of always saying the commonest of `labelsFrom` (0..1). */
export function majorityShare(targets: readonly string[], labelsFrom: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const label of labelsFrom) counts.set(label, (counts.get(label) ?? 0) + 1);
  const [commonest] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [""];
  return targets.filter((t) => t === commonest).length / targets.length;
}
