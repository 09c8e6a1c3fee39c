import type { z } from "zod";
import { knownKeys, optionsOf } from "../../experiment/schemaKeys.ts";
import { problemsBehind, schemaProblem } from "../../experiment/schemaProblem.ts";
import { nearestNames } from "../../base/text/nearestName.ts";
import { phrase } from "../../base/phrase.ts";
import type { ExperimentText, Key } from "./experimentText.ts";

/** The largest number of problems that are reported; more would not help. */
const MOST = 100;

/** Reports what violates the schema. The editor marks most of these places itself, and only takes fixes from here. */
export function checkSchema(text: ExperimentText, issues: readonly z.core.$ZodIssue[]): void {
  for (const issue of issues.flatMap((each) => problemsBehind(each)).slice(0, MOST)) {
    const keys = issue.path.map((key) => (typeof key === "symbol" ? String(key) : key));
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys.slice(0, MOST)) strayKey(text, [...keys, key], true);
      continue;
    }
    const value = text.string(keys);
    const options = optionsOf(issue, keys, (above) => text.value(above));
    const fixes = value === undefined ? [] : nearestNames(value, options).flatMap((name) => text.replace(keys, name));
    text.tell(keys, {
      code: options.length > 0 ? "unknown-value" : "invalid",
      schema: issue.code !== "custom",
      message: phrase`${keys.length === 0 ? phrase`the file` : keys.join(".")}: ${schemaProblem(issue, value ?? text.own(keys) ?? text.string(keys.slice(0, -1)))}`,
      fixes,
    });
  }
}

/**
 * Reports an unknown key, with similar names and its removal as fixes.
 * @param schema whether the editor's own validation marks the place
 * @param place where the key is, if not at `keys`
 */
export function strayKey(
  text: ExperimentText,
  keys: readonly Key[],
  schema: boolean,
  place: readonly Key[] = keys,
): void {
  const wrong = String(keys.at(-1));
  const above = keys.slice(0, -1);
  const dotted = (name: string): string => (place === keys ? name : [...above, name].join("."));
  text.tell(place, {
    whole: true,
    code: "unknown-key",
    schema,
    message: phrase`${keys.join(".")}: unknown key`,
    fixes: [
      ...nearestNames(
        wrong,
        knownKeys(above, (at) => text.value(at)),
      ).flatMap((name) => text.rename(place, dotted(name))),
      ...text.remove(place),
    ],
  });
}
