/** A parsed JSON object. */
export type JsonObject = Record<string, unknown>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isItem = (list: readonly unknown[], key: string): boolean => /^\d+$/.test(key) && Number(key) <= list.length;
const FORBIDDEN = ["__proto__", "constructor", "prototype"];

/** Whether a dotted path such as "training.steps" may be set: no part is empty or the name of a prototype. */
export const isKeyPath = (path: string): boolean =>
  path.split(".").every((key) => key !== "" && !FORBIDDEN.includes(key));

/**
 * Sets the value at a dotted path of `root`, in place, and creates missing objects on the way. The value null deletes
 * the key. A number names an item of a list, or the place after its last item.
 */
export function setKey(root: JsonObject, path: string, value: unknown): void {
  const keys = path.split(".");
  let place = root;
  for (const [at, key] of keys.slice(0, -1).entries()) {
    const next = place[key];
    if (isObject(next) || (Array.isArray(next) && isItem(next, keys[at + 1]!))) {
      place = next as JsonObject;
      continue;
    }
    const made: JsonObject = {};
    place[key] = made;
    place = made;
  }
  if (value === null && Array.isArray(place)) place.splice(Number(keys.at(-1)!), 1);
  else if (value === null) Reflect.deleteProperty(place, keys.at(-1)!);
  else place[keys.at(-1)!] = value;
}

/** Maps the dotted path of every leaf to its value. A list counts as a leaf. */
export function flatten(value: JsonObject, prefix = ""): Map<string, unknown> {
  return new Map(
    Object.entries(value).flatMap(([key, each]) =>
      isObject(each) ? [...flatten(each, `${prefix}${key}.`)] : [[`${prefix}${key}`, each] as const],
    ),
  );
}
