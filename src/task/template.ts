import { UserError } from "../experiment/errors.ts";
import { templateParts } from "../experiment/templateParts.ts";
import type { Row } from "./example.ts";
import { rowPlace } from "./rowPlace.ts";

/**
 * Compiles a template such as "premise: {premise}"; "{{" and "}}" stand for braces.
 * @param name the template's key in the experiment, for messages
 * @returns a function of a row; it throws a UserError naming the file's line and the field that is missing
 */
export function compileTemplate(template: string, name: string, file: string): (row: Row) => string {
  const parts = templateParts(template);
  if (parts === undefined) throw new UserError(`${name}: "${template}" has a brace without its partner`, "Write {{ or }} for a brace that is text.");
  return (row) => parts.map((part) => {
    if ("literal" in part) return part.literal;
    const value = Object.hasOwn(row.fields, part.field) ? row.fields[part.field] : undefined;
    if (value === undefined) throw new UserError(`${rowPlace(file, row)}: the row has no field "${part.field}", which ${name} uses; it has: ${Object.keys(row.fields).join(", ")}`);
    return value;
  }).join("");
}
