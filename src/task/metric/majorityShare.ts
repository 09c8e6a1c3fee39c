/** Returns the accuracy (0..1) on `targets` of always predicting the commonest of `labelsFrom`. */
export function majorityShare(targets: readonly string[], labelsFrom: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const label of labelsFrom) counts.set(label, (counts.get(label) ?? 0) + 1);
  const [commonest] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [""];
  return targets.filter((t) => t === commonest).length / targets.length;
}
