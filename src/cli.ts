import { inspect } from "node:util";
import { UserError } from "./base/errors.ts";
import { runCommand } from "./cli/runCommand.ts";
import { endWithItsReader, tell } from "./cli/terminal.ts";
import { WrongUse } from "./cli/wrongUse.ts";

// Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted, 141 nobody reads the output, 143 ended by SIGTERM.
endWithItsReader();
runCommand(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    if (error instanceof UserError)
      tell(`adept: ${error.message}${error.action === undefined ? "" : `\n${error.action}`}\n`);
    else if (error instanceof WrongUse)
      tell(`adept: ${error.message}${error.hint === undefined ? "" : `\n${error.hint}`}\n`);
    else tell(`${inspect(error)}\n`);
    process.exitCode = error instanceof WrongUse ? 2 : 1;
  },
);
