import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import { fieldNames, templateParts } from "../experiment/templateParts.ts";
import { NO_TEXT } from "./rows/noText.ts";
import type { Row } from "./rows/row.ts";
import { rowLocation } from "./rows/rowLocation.ts";

/** The number of fields that a message lists. */
const MOST_NAMED = 50;

/**
 * What a template is compiled for: its key in the experiment and the data file, for messages; the columns of that file,
 * for parsing.
 */
export interface TemplateUse {
  name: string;
  file: string;
  columns: readonly string[];
}

/** The names of all columns of rows, each once. */
export const columnsOf = (rows: readonly Row[]): string[] => [
  ...new Set(rows.flatMap(({ fields }) => Object.keys(fields))),
];

/**
 * Compiles a template such as "premise: {premise}"; "{{" and "}}" stand for braces.
 * @returns a function from a row to text; it throws a UserError naming the file's line and the missing field
 * @throws UserError where a brace has no partner
 */
export function compileTemplate(template: string, { name, file, columns }: TemplateUse): (row: Row) => string {
  const parts = templateParts(template, columns)?.map((part) =>
    "literal" in part ? part : { ...part, names: fieldNames(part.field) },
  );
  if (parts === undefined)
    throw new UserError(
      "template-brace",
      phrase`${name}: "${template}" has a brace without its partner`,
      phrase`Write {{ or }} for a brace that is text.`,
    );
  return (row) =>
    parts
      .map((part) => {
        if ("literal" in part) return part.literal;
        const own = part.names.find((each) => Object.hasOwn(row.fields, each));
        return own === undefined ? refuse(part.names, { row, file, key: name }) : row.fields[own]!;
      })
      .join("");
}

/** @throws UserError saying what a field is that has no text, or that the row has none of its names */
function refuse(names: readonly string[], { row, file, key }: { row: Row; file: string; key: string }): never {
  const place = rowLocation(file, row);
  const known = names.find((each) => Object.hasOwn(row.noText ?? {}, each));
  if (known !== undefined) {
    const inside = Object.keys(row.fields).filter((each) => each.startsWith(`${known}.`));
    throw new UserError(
      "row-field-no-text",
      phrase`${place}: the field "${known}", which ${key} uses, is ${NO_TEXT[row.noText![known]!]}`,
      inside.length === 0 ? undefined : phrase`It has: ${inside.slice(0, MOST_NAMED).join(", ")}`,
    );
  }
  throw new UserError(
    "row-field-missing",
    phrase`${place}: the row has no field "${names.at(-1)!}", which ${key} uses; it has: ${Object.keys(row.fields).slice(0, MOST_NAMED).join(", ")}`,
  );
}
