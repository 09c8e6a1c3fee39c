import type { z } from "zod";
import { ExperimentFile } from "../../experiment/experiment.ts";
import { nearestNames } from "../../base/text/nearestName.ts";
import { phrase } from "../../base/phrase.ts";
import type { ExperimentText, Key } from "./experimentText.ts";

/** The parts of zod's schemas that are used. */
interface Shaped {
  shape?: Record<string, Shaped>;
  element?: Shaped;
  options?: Shaped[];
  _zod?: { def: { innerType?: Shaped; discriminator?: string; values?: unknown[] } };
}

/** The largest number of problems that are reported; more would not help. */
const MOST = 100;

/** Reports what violates the schema. The editor marks most of these places itself, and only takes fixes from here. */
export function checkSchema(text: ExperimentText, issues: readonly z.core.$ZodIssue[]): void {
  for (const issue of issues.slice(0, MOST)) {
    const keys = issue.path.map((key) => (typeof key === "symbol" ? String(key) : key));
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys.slice(0, MOST)) strayKey(text, [...keys, key], true);
      continue;
    }
    const value = text.string(keys);
    const options = optionsOf(text, issue, keys);
    const fixes = value === undefined ? [] : nearestNames(value, options).flatMap((name) => text.replace(keys, name));
    text.tell(keys, {
      code: options.length > 0 ? "unknown-value" : "invalid",
      schema: issue.code !== "custom",
      message: phrase`${keys.length === 0 ? phrase`the file` : keys.join(".")}: ${issue.message}`,
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
      ...nearestNames(wrong, knownKeys(above, text)).flatMap((name) => text.rename(place, dotted(name))),
      ...text.remove(place),
    ],
  });
}

/** The values that a key may have: those of an enumeration, or the kinds of a task or method. */
function optionsOf(text: ExperimentText, issue: z.core.$ZodIssue, keys: readonly Key[]): string[] {
  if (issue.code === "invalid_value") return issue.values.filter((each) => typeof each === "string");
  const kind = keys.at(-1);
  if (issue.code !== "invalid_union" || typeof kind !== "string") return [];
  const { options = [], _zod } = within(text, keys.slice(0, -1));
  return _zod?.def.discriminator !== kind
    ? []
    : options.flatMap(({ shape }) =>
        (shape?.[kind]?._zod?.def.values ?? []).filter((each) => typeof each === "string"),
      );
}

/** The keys that an object may have. */
function knownKeys(keys: readonly Key[], text: ExperimentText): string[] {
  return Object.keys(chosen(within(text, keys), text.value(keys)).shape ?? {});
}

/** The schema of a key's value, where the values above it choose among alternatives. */
function within(text: ExperimentText, keys: readonly Key[]): Shaped {
  let schema = ExperimentFile as unknown as Shaped;
  for (const [depth, key] of keys.entries()) {
    const own = chosen(schema, text.value(keys.slice(0, depth)));
    schema = typeof key === "number" ? (own.element ?? {}) : (own.shape?.[key] ?? {});
  }
  return bare(schema);
}

/** A schema without the wrappers that make it optional or give a default. */
function bare(schema: Shaped): Shaped {
  return schema._zod?.def.innerType === undefined ? schema : bare(schema._zod.def.innerType);
}

/** Of alternatives, the one for the value's kind, or the first. */
function chosen(schema: Shaped, value: unknown): Shaped {
  const own = bare(schema);
  if (own.options === undefined) return own;
  const kind = typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
  return chosen(
    own.options.find((each) => each.shape?.["kind"]?._zod?.def.values?.includes(kind)) ?? own.options[0]!,
    value,
  );
}
