/** The parts of a template: literal text, and fields of a row. */
export type TemplatePart = { literal: string } | { field: string };

/** How a task makes its input from a row: literal text, and fields, each by the first of its names that the row has. */
export type ReadingPart = { literal: string } | { fields: readonly string[] };

/**
 * How a task makes its input from rows. `reading`: the parts of its input, where that is a template; else `fields`: the
 * fields that it combines, each as the list of its possible names; `headerless`: the columns of its tables, which may
 * have no header.
 */
export interface RowReading {
  reading?: readonly ReadingPart[] | undefined;
  fields?: readonly (readonly string[])[] | undefined;
  headerless?: readonly string[] | undefined;
  /** How rows of conversations are read; given where the task has such rows. */
  turns?: TurnReading | undefined;
}

/** What a chat template writes directly before and after a turn's text. */
export interface TurnSurroundings {
  before: string;
  after: string;
}

/** How a model reads the turns of a row. */
export interface TurnReading {
  /** By the names that data have for a turn's role, in lower case. */
  roles: Readonly<Record<string, TurnSurroundings>>;
  /** The fields that hold a list of turns, the first that a row has. */
  lists: readonly string[];
  /** Where a row has no such list: the fields that are a turn each, with their role. */
  columns: Readonly<Record<string, string>>;
  /** Whether white space at both ends of a turn is left out. */
  trims: boolean;
}

/** The tokens of a template: doubled braces, a field whose name may contain pairs of braces, other text. */
const PIECE = /\{\{|\}\}|\{((?:[^{}]|\{[^{}]*\})*)\}|[^{}]+/y;

/**
 * Splits a template such as "premise: {premise}" into its parts; "{{" and "}}" are literal braces.
 * @param names known columns: a name that contains braces is matched literally, the longest first
 * @returns undefined where a brace lacks its partner
 */
export function templateParts(template: string, names: readonly string[] = []): TemplatePart[] | undefined {
  const odd = names.filter((name) => /[{}]/.test(name) && template.includes(name)).sort((a, b) => b.length - a.length);
  const parts: TemplatePart[] = [];
  for (let at = 0; at < template.length;) {
    const own = odd.find((name) => template.startsWith(`{${name}}`, at));
    PIECE.lastIndex = at;
    const [text, field] = own === undefined ? (PIECE.exec(template) ?? []) : [`{${own}}`, own];
    if (text === undefined) return undefined;
    parts.push(field !== undefined ? { field } : { literal: text === "{{" || text === "}}" ? text[0]! : text });
    at += text.length;
  }
  return parts;
}

/**
 * The names that a field of a template may have in a row, the likeliest first: exactly as written, else without
 * surrounding spaces.
 */
export const fieldNames = (field: string): string[] => [...new Set([field, field.trim()])];
