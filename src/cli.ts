import { UserError } from "./experiment/errors.ts";
import { COMMANDS, USAGE } from "./cli/commands.ts";
import { WrongUse } from "./cli/wrongUse.ts";

/** Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted. */
async function main([name = "", ...rest]: string[]): Promise<number> {
  if (name === "" || name === "--help" || name === "help") { console.log(USAGE); return name === "" ? 2 : 0; }
  const command = COMMANDS[name];
  if (command === undefined) throw new WrongUse(`There is no command "${name}".\n\n${USAGE}`);
  if (rest.includes("--help")) { console.log(USAGE); return 0; }
  return command(rest);
}

main(process.argv.slice(2)).then((code) => { process.exitCode = code; }, (error: unknown) => {
  const wrongUse = error instanceof WrongUse || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS") === true;
  if (error instanceof UserError) console.error(`adept: ${error.message}${error.action === undefined ? "" : `\n${error.action}`}`);
  else console.error(wrongUse ? `adept: ${(error as Error).message}` : error);
  process.exitCode = wrongUse ? 2 : 1;
});
