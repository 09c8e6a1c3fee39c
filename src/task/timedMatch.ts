import { createContext, Script } from "node:vm";
import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";

/** The time limit (ms); an expression that exceeds it on one file's name might never end on another's. */
const MOST_MS = 500;
/** A constant script; the pattern and the text are variables of its context, so they cannot inject code. */
const MATCH = new Script("new RegExp(pattern, 'u').exec(text)?.[1]");

/**
 * Returns what the first group of an experiment's regular expression matches in a text.
 * @throws UserError where that takes too long, or the expression is invalid
 */
export function timedMatch(pattern: string, text: string): string | undefined {
  try {
    return MATCH.runInContext(createContext({ pattern, text }), { timeout: MOST_MS }) as string | undefined;
  } catch (error) {
    const slow = (error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
    const why = slow
      ? phrase`takes too long on "${text}"`
      : phrase`cannot be used on "${text}": ${(error as Error).message}`;
    throw new UserError(
      "label-pattern-unusable",
      phrase`task.label: the regular expression ${why}`,
      phrase`Write it without a repetition inside of a repeated group.`,
    ).about(["task", "label"]);
  }
}
