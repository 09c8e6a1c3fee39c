/**
 * Shortens paths to as many of their last parts as tell them apart: "/data/sst2/train.jsonl" beside
 * "/data/trec/train.jsonl" is "sst2/train.jsonl". Texts without a separator stay.
 * @returns the short form of each
 */
export function shortPaths(paths: readonly string[]): ReadonlyMap<string, string> {
  const distinct = [...new Set(paths)];
  const parts = distinct.map((path) => path.split(/[/\\]/));
  const longest = Math.max(1, ...parts.map(({ length }) => length));
  for (let count = 1; count < longest; count++) {
    const short = parts.map((each) => each.slice(-count).join("/"));
    if (new Set(short).size === distinct.length) return new Map(distinct.map((path, i) => [path, short[i]!]));
  }
  return new Map(distinct.map((path) => [path, path]));
}
