import type { CliCommand, CommandGroup, Option, Options } from "./command.ts";
import { COMMAND_GROUPS, COMMANDS } from "./commands.ts";

const WIDTH = 100;
const RUN_NOTE = 'RUN is a run\'s id, the start of it, or "latest".';

/** Formats rows as lines of two columns. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`.trimEnd());
}

const optionName = (name: string, { value }: Option): string => `--${name}${value === undefined ? "" : ` ${value}`}`;

/** An option in the usage line: in brackets where it may be left out, with dots where it may be repeated. */
function optionUsage(name: string, option: Option): string {
  const text = optionName(name, option);
  return `${option.required === true ? text : `[${text}]`}${option.multiple === true ? "..." : ""}`;
}

/** The usage line, wrapped between its parts. */
function usage(name: string, { takes, options }: CliCommand): string {
  const parts = [
    ...(takes === "" ? [] : [takes]),
    ...Object.entries(options).map(([option, each]) => optionUsage(option, each)),
  ];
  const start = `Usage: adept ${name}`;
  const lines = [start];
  for (const part of parts) {
    const line = lines.at(-1)!;
    if (line.length + 1 + part.length <= WIDTH) lines[lines.length - 1] = `${line} ${part}`;
    else lines.push(`${" ".repeat(start.length)} ${part}`);
  }
  return lines.join("\n");
}

function optionLines(options: Options): string[] {
  return columns(
    Object.entries(options).map(([name, option]) => [
      optionName(name, option),
      `${option.help}${option.default === undefined ? "" : ` (default: ${option.default})`}`,
    ]),
  );
}

/** The help text of a command. @param name the command with its group, such as "runs diff" */
export function commandHelp(name: string, command: CliCommand): string {
  const { summary, takes, options, examples } = command;
  const notes = [...(/\bRUN\b/.test(takes) ? [RUN_NOTE] : []), ...(command.notes ?? [])];
  return [
    `adept ${name}: ${summary}`,
    "",
    usage(name, command),
    ...(Object.keys(options).length > 0 ? ["", "Options:", ...optionLines(options)] : []),
    ...(notes.length > 0 ? ["", ...notes] : []),
    "",
    "Examples:",
    ...examples.map((example) => `  ${example}`),
  ].join("\n");
}

/** The help text of a group of commands. */
export function groupHelp(name: string, { summary, parts, usual }: CommandGroup): string {
  return [
    `adept ${name}: ${summary}`,
    "",
    `Usage: adept ${name} ${Object.keys(parts).length > 1 ? "COMMAND" : usual} [ARGUMENTS] [OPTIONS]`,
    "",
    ...columns(Object.entries(parts).map(([part, each]) => [`${name} ${part}`, each.summary])),
    "",
    `"adept ${name}" alone is "adept ${name} ${usual}".`,
    `"adept ${name} ${Object.keys(parts).length > 1 ? "COMMAND" : usual} --help" lists the options of one command.`,
  ].join("\n");
}

/** The help text of `adept --help`: a line for every command, in groups. */
export function overview(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  return [
    "adept: train and compare parameter-efficient methods",
    "",
    "Usage: adept COMMAND [ARGUMENTS] [OPTIONS]",
    ...Object.entries(COMMAND_GROUPS).flatMap(([group, commands]) => [
      "",
      `${group}:`,
      ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`),
    ]),
    "",
    '"adept COMMAND --help" lists the options of a command, with examples.',
    "Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted, 141 nobody reads the output, 143 ended by SIGTERM.",
  ].join("\n");
}
