import { createContext, Script } from "node:vm";
import { UserError } from "../base/errors.ts";

/** A regular expression that needs longer on a file's name would need for ever on the next. */
const MOST_MS = 500;
/** Says always the same; pattern and text come as values. */
const MATCH = new Script("new RegExp(pattern, 'u').exec(text)?.[1]");

/**
 * What the first group of an experiment's regular expression finds in a text.
 * @throws UserError where that takes too long, or cannot be done
 */
export function timedMatch(pattern: string, text: string): string | undefined {
  try {
    return MATCH.runInContext(createContext({ pattern, text }), { timeout: MOST_MS }) as string | undefined;
  } catch (error) {
    const slow = (error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
    throw new UserError(
      `task.label: the regular expression ${slow ? "takes too long" : "cannot be used"} on "${text}"${slow ? "" : `: ${(error as Error).message}`}`,
      "Write it without a repetition inside of a repeated group.",
    ).about(["task", "label"]);
  }
}
