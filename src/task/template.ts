import { UserError } from "../experiment/errors.ts";
import type { Row } from "./example.ts";
import { rowPlace } from "./rowPlace.ts";

/**
 * Compiles a template such as "premise: {premise}"; "{{" and "}}" stand for braces.
 * @param name the template's key in the experiment, for messages
 * @returns a function of a row; it throws a UserError naming the file's line and the field that is missing
 */
export function compileTemplate(template: string, name: string, file: string): (row: Row) => string {
  const parts = template.split(/(\{\{|\}\}|\{[^{}]*\})/).filter((part) => part !== "");
  const stray = parts.find((part) => /^[^{}]*[{}][^{}]*$/.test(part) && !/^\{[^{}]*\}$/.test(part));
  if (stray !== undefined) throw new UserError(`${name}: "${template}" has a brace without its partner`, "Write {{ or }} for a brace that is text.");
  return (row) => parts.map((part) => {
    if (part === "{{") return "{";
    if (part === "}}") return "}";
    if (!part.startsWith("{")) return part;
    const field = part.slice(1, -1).trim();
    const value = Object.hasOwn(row.fields, field) ? row.fields[field] : undefined;
    if (value === undefined) throw new UserError(`${rowPlace(file, row)}: the row has no field "${field}", which ${name} uses; it has: ${Object.keys(row.fields).join(", ")}`);
    return value;
  }).join("");
}
