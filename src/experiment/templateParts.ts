/** A template taken apart: text that stands as it is, and fields of a row. */
export type TemplatePart = { literal: string } | { field: string };

/** How a task makes its input of a row: its own words, and fields of which the first found counts. */
export type ReadingPart = { literal: string } | { fields: readonly string[] };

/** How a task reads rows. `reading`: its input, where that is a template; else `fields`: those that it puts together, names of one in a list of its own; `headerless`: the columns of its tables, which may have no header. */
export interface RowReading { reading?: readonly ReadingPart[] | undefined; fields?: readonly (readonly string[])[] | undefined; headerless?: readonly string[] | undefined }

/**
 * Takes a template such as "premise: {premise}" apart; "{{" and "}}" stand for braces.
 * @returns undefined where a brace lacks its partner
 */
export function templateParts(template: string): TemplatePart[] | undefined {
  const parts = template.split(/(\{\{|\}\}|\{[^{}]*\})/).filter((part) => part !== "");
  if (parts.some((part) => /^[^{}]*[{}][^{}]*$/.test(part) && !/^\{[^{}]*\}$/.test(part))) return undefined;
  return parts.map((part) => (part === "{{" || part === "}}" ? { literal: part[0]! } : part.startsWith("{") ? { field: part.slice(1, -1).trim() } : { literal: part }));
}
