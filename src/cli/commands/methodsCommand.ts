import type * as z from "zod";
import { defaultRates } from "../../method/learningRates.ts";
import { MethodInput, type MethodKind } from "../../method/methodSpec.ts";
import { METHODS, type RegisteredMethod } from "../../method/registry.ts";
import { command, type CommandGroup, type Parsed } from "../command.ts";
import { JSON_OUTPUT } from "../commonOptions.ts";
import { table } from "../table.ts";
import { say } from "../terminal.ts";

interface ListedMethod {
  kind: MethodKind;
  summary: string;
  /** The default of each size, which applies where neither the size nor a budget is given. */
  sizes: Record<string, number>;
  /** Default peak learning rate of each group of tensors. */
  learningRates: Record<string, number>;
  /** The other keys of `method` with their meaning. */
  options: { key: string; help: string; default?: unknown }[];
}

function listed({ kind, summary, schema, sizes: forms }: RegisteredMethod): ListedMethod {
  const spec = MethodInput.parse({ kind });
  const fields: Record<string, z.ZodType> = schema.shape;
  const sizes = Object.fromEntries(Object.entries(forms).map(([name, form]) => [name, form.default]));
  const defaults: Record<string, unknown> = { ...spec };
  return {
    kind,
    summary,
    sizes,
    learningRates: defaultRates(spec),
    options: Object.entries(fields)
      .filter(([key]) => key !== "kind" && !Object.hasOwn(sizes, key))
      .map(([key, field]) => ({
        key,
        help: field.description ?? "",
        ...(defaults[key] !== undefined && { default: defaults[key] }),
      })),
  };
}

const pairs = (values: Record<string, number>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");

function run({ values }: Parsed<typeof JSON_OUTPUT>): Promise<number> {
  const methods = METHODS.map(listed);
  if (values.json === true) {
    say(JSON.stringify(methods));
    return Promise.resolve(0);
  }
  for (const line of [
    ...table(
      ["method.kind", "what is trained", "sizes", "learning rates", "other keys"],
      methods.map(({ kind, summary, sizes, learningRates, options }) => [
        kind,
        summary,
        pairs(sizes),
        pairs(learningRates),
        options.map(({ key }) => key).join(", "),
      ]),
    ),
    "",
    'Sizes and learning rates are the defaults. "budget" is the most trainable parameters, or { "promptTokens": 100 }:',
    "the sizes that are not given are then solved for. adept methods list --json says what each key means.",
  ])
    say(line);
  return Promise.resolve(0);
}

export const methodsCommand: CommandGroup = {
  summary: "lists the methods with their sizes and learning rates",
  usual: "list",
  parts: {
    list: command({
      summary: "lists the methods with their sizes, learning rates and other keys",
      takes: "",
      options: JSON_OUTPUT,
      examples: ["adept methods list", "adept methods list --json"],
      run,
    }),
  },
};
