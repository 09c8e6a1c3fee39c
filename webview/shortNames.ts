/**
 * Shortens the names of runs of one experiment by the part that they share: "Mail (adept, seed=0)" and "Mail (pt,
 * seed=0)" become "adept, seed=0" and "pt, seed=0". Equal names are numbered.
 */
export function shortNames(names: readonly string[]): string[] {
  const [first = ""] = names;
  const open = first.indexOf(" (");
  const prefix = first.slice(0, open + 2);
  const short =
    open > 0 && names.length > 1 && names.every((name) => name.startsWith(prefix) && name.endsWith(")"))
      ? names.map((name) => name.slice(prefix.length, -1))
      : [...names];
  const counts = new Map<string, number>();
  return short.map((name) => {
    const before = counts.get(name) ?? 0;
    counts.set(name, before + 1);
    return before === 0 ? name : `${name} (${before + 1})`;
  });
}
