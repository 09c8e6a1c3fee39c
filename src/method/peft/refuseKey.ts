import { UserError } from "../../base/errors.ts";
import { phrase, type Phrase } from "../../base/phrase.ts";

const LONGEST_VALUE = 200;

/** A value of a file, for a message. */
export const shownValue = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "absent";
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
};

/** @throws UserError naming a key of adapter_config.json, its value, why it cannot be applied, and what to do */
export function refuseKey(path: string, [key, value]: readonly [string, unknown], why: Phrase, action: Phrase): never {
  throw new UserError("adapter-key-unsupported", phrase`${path}: "${key}" is ${shownValue(value)}: ${why}`, action);
}
