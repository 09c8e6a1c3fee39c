import { parseArgs } from "node:util";
import { nearestNames } from "../base/text/nearestName.ts";
import { WrongUse } from "./wrongUse.ts";

/** An option of a command: the fields that `parseArgs` of node:util reads, and those that help shows. */
export interface Option {
  readonly type: "string" | "boolean";
  readonly multiple?: boolean;
  readonly default?: string;
  /** Name of the value in help, such as DIR; a boolean option has none. */
  readonly value?: string;
  /** Help shows the option without brackets. The command itself checks that it is given. */
  readonly required?: boolean;
  /** One line of help. */
  readonly help: string;
}

/** The options of a command by name, without the leading "--". */
export type Options = Readonly<Record<string, Option>>;

/** Values of the options and the arguments without a name, as `parseArgs` types them. */
export type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O; allowPositionals: true }>
>;

interface Definition<O extends Options> {
  /** One line: what the command does. */
  readonly summary: string;
  /** Arguments without a name, as the usage line shows them; empty: the command takes none. */
  readonly takes: string;
  readonly options: O;
  /** Whole command lines, each starting with "adept". */
  readonly examples: readonly string[];
  /** More lines of help. */
  readonly notes?: readonly string[];
}

/** One command of the command line: help and parsing are made from the same fields. */
export interface CliCommand extends Definition<Options> {
  /**
   * Parses the arguments and runs the command.
   * @param name how the command is called after "adept", such as "runs diff"
   * @returns the exit code
   * @throws WrongUse where the arguments do not fit the options
   */
  run(args: readonly string[], name: string): Promise<number>;
}

/** Several commands behind one word, such as `adept runs diff`. */
export interface CommandGroup {
  readonly summary: string;
  readonly parts: Readonly<Record<string, CliCommand>>;
  /** The part that runs where no part is named. */
  readonly usual: string;
}

/** Makes a command from its definition: parses the arguments, and adds a hint about --help to errors of use. */
export function command<const O extends Options>(
  definition: Definition<O> & { run(parsed: Parsed<O>): Promise<number> },
): CliCommand {
  return {
    ...definition,
    async run(args, name) {
      try {
        return await definition.run(parseOptions(args, definition));
      } catch (error) {
        if (error instanceof WrongUse) error.hint ??= `See: adept ${name} --help`;
        throw error;
      }
    },
  };
}

/** Parses the arguments of a command. @throws WrongUse naming the option or argument that does not fit */
export function parseOptions<O extends Options>(
  args: readonly string[],
  { options, takes }: Pick<Definition<O>, "options" | "takes">,
): Parsed<O> {
  const given = { args: [...args], options };
  for (const token of parseArgs({ ...given, allowPositionals: true, strict: false, tokens: true }).tokens)
    if (token.kind === "option" && !Object.hasOwn(options, token.name)) throw unknownOption(token.rawName, options);
  try {
    const parsed: unknown = parseArgs({ ...given, allowPositionals: takes !== "" });
    return parsed as Parsed<O>;
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS") === true)
      throw new WrongUse((error as Error).message);
    throw error;
  }
}

function unknownOption(rawName: string, options: Options): WrongUse {
  const [nearest] = nearestNames(rawName.replace(/^-+/, ""), Object.keys(options));
  return new WrongUse(
    `Unknown option ${rawName}${nearest === undefined ? "" : `; did you mean --${nearest}?`} (a text that starts with "-" goes after "--")`,
  );
}
