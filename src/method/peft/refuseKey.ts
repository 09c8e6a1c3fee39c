import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";

const LONGEST_VALUE = 200;
const MOST_SHOWN = 50;
const DEEPEST_SHOWN = 5;

/** A value without what lies deep in it, or behind its first parts: a file may nest until JSON.stringify fails. */
function shallow(value: unknown, depth = DEEPEST_SHOWN): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) return "…";
  if (Array.isArray(value)) return value.slice(0, MOST_SHOWN).map((each) => shallow(each, depth - 1));
  const entries = Object.entries(value).slice(0, MOST_SHOWN);
  return Object.fromEntries(entries.map(([key, each]) => [key, shallow(each, depth - 1)]));
}

/** A value of a file, for a message. */
export const shownValue = (value: unknown): string => {
  const text = JSON.stringify(shallow(value)) ?? "absent";
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
};

/** @throws UserError naming a key of adapter_config.json, its value, why it cannot be applied, and what to do */
export function refuseKey(path: string, [key, value]: readonly [string, unknown], why: Phrase, action: Phrase): never {
  throw new UserError("adapter-key-unsupported", phrase`${path}: "${key}" is ${shownValue(value)}: ${why}`, action);
}
