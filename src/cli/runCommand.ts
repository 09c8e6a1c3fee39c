import { nearestNames } from "../base/text/nearestName.ts";
import type { CliCommand, CommandGroup } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { commandHelp, groupHelp, overview } from "./help.ts";
import { say } from "./terminal.ts";
import { WrongUse } from "./wrongUse.ts";

const HELP = ["--help", "-h"];

const isGroup = (found: CliCommand | CommandGroup): found is CommandGroup => "parts" in found;

const suggestion = (wrong: string, names: readonly string[]): string => {
  const [nearest] = nearestNames(wrong, names);
  return nearest === undefined ? "" : `; did you mean "${nearest}"?`;
};

function wrongName(message: string, command: string): WrongUse {
  const error = new WrongUse(message);
  error.hint = `See: ${command} --help`;
  return error;
}

/** Whether the arguments ask for help; arguments after "--" are text. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end === -1 ? args : args.slice(0, end)).some((each) => HELP.includes(each));
}

/** Runs a command line. @param args the arguments after "adept" @returns the exit code @throws WrongUse */
export async function runCommand([name = "", ...rest]: readonly string[]): Promise<number> {
  if (name === "" || HELP.includes(name) || (name === "help" && rest.length === 0)) {
    say(overview());
    return name === "" ? 2 : 0;
  }
  if (name === "help") return runCommand([...rest, "--help"]);
  const found = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (found === undefined)
    throw wrongName(`There is no command "${name}"${suggestion(name, Object.keys(COMMANDS)) || "."}`, "adept");
  return isGroup(found) ? runPart(name, found, rest) : runOne(name, found, rest);
}

async function runOne(name: string, command: CliCommand, args: readonly string[]): Promise<number> {
  if (!asksForHelp(args)) return command.run(args, name);
  say(commandHelp(name, command));
  return 0;
}

/** Runs a command of a group. Options may come before its name: `adept runs --json list`. */
async function runPart(name: string, group: CommandGroup, args: readonly string[]): Promise<number> {
  const at = args.findIndex((each) => Object.hasOwn(group.parts, each));
  const [first = "-"] = args;
  const names = Object.keys(group.parts);
  if (at === -1 && !first.startsWith("-"))
    throw wrongName(`${name} takes ${names.join(", ")}, not "${first}"${suggestion(first, names)}`, `adept ${name}`);
  if (at === -1 && asksForHelp(args)) {
    say(groupHelp(name, group));
    return 0;
  }
  const part = at === -1 ? group.usual : args[at]!;
  return runOne(`${name} ${part}`, group.parts[part]!, at === -1 ? args : args.toSpliced(at, 1));
}
