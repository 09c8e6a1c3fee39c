import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import type { Sampling } from "../model/chooseToken.ts";
import type { Options } from "./command.ts";

/** The options of commands that generate text. */
export const SAMPLING_OPTIONS = {
  temperature: {
    type: "string",
    value: "T",
    help: "draws each token at this temperature; left out or 0: takes the likeliest",
  },
  "top-p": {
    type: "string",
    value: "P",
    help: "draws among the likeliest tokens that have this probability together (default 1)",
  },
  seed: { type: "string", value: "N", help: "seed of the draws (default 0): the same seed gives the same text" },
} as const satisfies Options;

type Given = Partial<Record<keyof typeof SAMPLING_OPTIONS, string>>;

/** The number of an option, within its range. @throws UserError */
function numberOf(name: keyof Given, text: string, isValid: (x: number) => boolean): number {
  const x = text.trim() === "" ? NaN : Number(text);
  if (isValid(x)) return x;
  const range = {
    temperature: phrase`a number from 0 to 100`,
    "top-p": phrase`a number above 0, at most 1`,
    seed: phrase`a whole number from 0 to 4294967295`,
  }[name];
  throw new UserError("sampling-option-invalid", phrase`--${name}: "${text}" is not ${range}`);
}

/**
 * How the command line asks for tokens to be drawn; undefined: the likeliest is taken.
 * @throws UserError for a value out of its range, or one that would have no effect
 */
export function samplingOf({ temperature = "0", "top-p": topP, seed }: Given): Sampling | undefined {
  const sampling = {
    temperature: numberOf("temperature", temperature, (x) => x >= 0 && x <= 100),
    topP: numberOf("top-p", topP ?? "1", (x) => x > 0 && x <= 1),
    seed: numberOf("seed", seed ?? "0", (x) => Number.isInteger(x) && x >= 0 && x < 2 ** 32),
  };
  if (sampling.temperature > 0) return sampling;
  if (topP !== undefined || seed !== undefined)
    throw new UserError(
      "sampling-without-temperature",
      phrase`--top-p and --seed have no effect at temperature 0, which takes the likeliest token`,
      phrase`Add --temperature 1.`,
    );
  return undefined;
}
