import { flatten, type JsonObject } from "../base/keyPath.ts";
import { shortPaths } from "../base/text/shortPaths.ts";

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A value as text for a run's name; for an object, such as a task, its name or kind. */
export function valueText(value: unknown): string {
  if (!isObject(value)) return typeof value === "string" ? value : JSON.stringify(value);
  const called = value["name"] ?? value["kind"];
  return typeof called === "string" ? called : JSON.stringify(value);
}

/** Tells objects apart by the first key that has a value of its own in each, with short paths; else whole. */
export function distinctTexts(alike: readonly JsonObject[]): string[] {
  const all = alike.map((each) => flatten(each));
  const isTelling = (key: string): boolean =>
    new Set(all.map((each) => JSON.stringify(each.get(key)))).size === all.length;
  const key = [...all[0]!.keys()].find(isTelling);
  if (key === undefined) return alike.map((each) => JSON.stringify(each));
  const texts = all.map((each) => valueText(each.get(key)));
  const short = shortPaths(texts);
  return texts.map((text) => short.get(text)!);
}

/** The values of a list as texts for the names of runs; values that differ have texts that differ. */
export function valueTexts(values: readonly unknown[]): string[] {
  const texts = values.map(valueText);
  return values.map((value, i) => {
    const alike = values.filter((each, at): each is JsonObject => texts[at] === texts[i] && isObject(each));
    return isObject(value) && alike.length > 1 ? distinctTexts(alike)[alike.indexOf(value)]! : texts[i]!;
  });
}
