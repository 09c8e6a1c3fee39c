import type { z } from "zod";
import { ExperimentFile } from "./experiment.ts";

type Key = string | number;
/** Returns the value at a key, undefined where there is none. */
type ValueAt = (keys: readonly Key[]) => unknown;

/** The parts of zod's schemas that are used. */
interface Shaped {
  shape?: Record<string, Shaped>;
  element?: Shaped;
  options?: Shaped[];
  _zod?: { def: { innerType?: Shaped; type?: string; out?: Shaped; discriminator?: string; values?: unknown[] } };
}

/** The values that a key may have: those of an enumeration, or the kinds of a task or method. */
export function optionsOf(issue: z.core.$ZodIssue, keys: readonly Key[], valueAt: ValueAt): string[] {
  if (issue.code === "invalid_value") return issue.values.filter((each) => typeof each === "string");
  const kind = keys.at(-1);
  if (issue.code !== "invalid_union" || typeof kind !== "string") return [];
  const { options = [], _zod } = within(keys.slice(0, -1), valueAt);
  return _zod?.def.discriminator !== kind
    ? []
    : options.flatMap(({ shape }) =>
        (shape?.[kind]?._zod?.def.values ?? []).filter((each) => typeof each === "string"),
      );
}

/** The keys that an object of an experiment may have. */
export const knownKeys = (keys: readonly Key[], valueAt: ValueAt): string[] =>
  Object.keys(chosen(within(keys, valueAt), valueAt(keys)).shape ?? {});

/** The schema of a key's value, where the values above it choose among alternatives. */
function within(keys: readonly Key[], valueAt: ValueAt): Shaped {
  let schema = ExperimentFile as unknown as Shaped;
  for (const [depth, key] of keys.entries()) {
    const own = chosen(schema, valueAt(keys.slice(0, depth)));
    schema = typeof key === "number" ? (own.element ?? {}) : (own.shape?.[key] ?? {});
  }
  return bare(schema);
}

/** A schema without the wrappers that make it optional, give a default, or prepare its value. */
function bare(schema: Shaped): Shaped {
  const { innerType, type, out } = schema._zod?.def ?? {};
  const inner = type === "pipe" ? out : innerType;
  return inner === undefined ? schema : bare(inner);
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
