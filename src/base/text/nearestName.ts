/**
 * The edit distance of two texts: the least number of insertions, deletions, replacements and swaps of neighbours
 * (optimal string alignment).
 */
function distance(a: string, b: string): number {
  // rows[i][j]: the distance of the first i units of a and the first j of b; row and column 0 are known.
  const rows = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (__, j) => (i === 0 || j === 0 ? i + j : 0)),
  );
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const own = Math.min(
        rows[i - 1]![j]! + 1,
        rows[i]![j - 1]! + 1,
        rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
      rows[i]![j] =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? Math.min(own, rows[i - 2]![j - 2]! + 1)
          : own;
    }
  }
  return rows[a.length]![b.length]!;
}

const plain = (name: string): string => name.slice(0, 60).toLowerCase().replace(/[-_ ]/g, "");

/** Returns the names that a mistyped name may stand for: at most three, the most similar first. */
export function nearestNames(wrong: string, names: readonly string[]): string[] {
  const most = Math.max(1, Math.floor(plain(wrong).length / 3));
  const apart = names.map((name) => ({
    name,
    apart:
      plain(name).startsWith(plain(wrong)) || plain(wrong).startsWith(plain(name))
        ? 1
        : distance(plain(wrong), plain(name)),
  }));
  return apart
    .filter((each) => each.apart <= most)
    .sort((a, b) => a.apart - b.apart)
    .slice(0, 3)
    .map(({ name }) => name);
}
