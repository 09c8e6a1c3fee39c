import { inspect } from "node:util";
import { UserError } from "./base/errors.ts";
import { COMMANDS, USAGE } from "./cli/commands.ts";
import { say, tell } from "./cli/terminal.ts";
import { WrongUse } from "./cli/wrongUse.ts";

/** Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted. */
async function main([name = "", ...rest]: string[]): Promise<number> {
  if (name === "" || name === "--help" || name === "help") {
    say(USAGE);
    return name === "" ? 2 : 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new WrongUse(`There is no command "${name}".\n\n${USAGE}`);
  if (rest.includes("--help")) {
    say(USAGE);
    return 0;
  }
  return command(rest);
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const wrongUse =
      error instanceof WrongUse || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS") === true;
    if (error instanceof UserError)
      tell(`adept: ${error.message}${error.action === undefined ? "" : `\n${error.action}`}\n`);
    else tell(`${wrongUse ? `adept: ${(error as Error).message}` : inspect(error)}\n`);
    process.exitCode = wrongUse ? 2 : 1;
  },
);
