import { shortPaths } from "../base/text/shortPaths.ts";

/** An experiment by dotted key. */
type Settings = ReadonlyMap<string, unknown>;

/** Whether a key belongs to the task itself; the examples that are drawn from it are a setting of their own. */
export const isOfTask = (key: string): boolean => key.startsWith("task.") && !key.startsWith("task.shots");

/**
 * Names the task of each experiment: by its catalogue's name or its kind, and where several of these have other data,
 * by the path of the training data or texts, as short as tells them apart.
 */
export function taskTexts(all: readonly Settings[]): string[] {
  const bare = all.map((settings) => String(settings.get("task.name") ?? settings.get("task.kind")));
  const data = all.map((settings) => settings.get("task.train") ?? settings.get("task.folder"));
  const short = shortPaths(data.filter((path) => typeof path === "string"));
  const dataOf = new Map<string, Set<unknown>>();
  for (const [i, name] of bare.entries()) dataOf.set(name, (dataOf.get(name) ?? new Set()).add(data[i]));
  return bare.map((name, i) => {
    const path = data[i];
    return dataOf.get(name)!.size > 1 && typeof path === "string" ? short.get(path)! : name;
  });
}
