import { Columns } from "../counts/columns.ts";
import { givingColumns, LEAST_REPEATS } from "../counts/givingColumns.ts";
import { LabelCounts } from "../counts/labelCounts.ts";
import { LONGEST_SEARCHED } from "../counts/labelInside.ts";
import { hashKey, textHash } from "../counts/textHash.ts";
import { aspectOf } from "../counts/valueAspects.ts";
import type { Row } from "./row.ts";

/** What a column is used for. */
export type Role = "input" | "output" | "other";
/** A column of a data file and its guessed role. */
export interface GuessedColumn {
  name: string;
  role: Role;
  /** Number of distinct values in the rows that were looked at. */
  distinct: number;
  /** The first value. */
  example: string;
}

const OUTPUT_NAME = /^(label|labels|target|output|class|category|answer|sentiment|gold|gold_label|y)$/i;
const OTHER_NAME = /^(id|idx|index|guid|uuid|_?unnamed.*|row|line|split|source_file|url|date|time)$/i;
/** The number of rows that are examined. */
const ROWS = 2000;
const MOST_LABELS = 50;
/** The number of columns that are examined; every row of JSON may have columns of its own. */
const MOST_COLUMNS = 300;

const namesOf = (columns: readonly { name: string }[]): string[] => columns.map(({ name }) => name);
const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / Math.max(1, values.length);

/** A column, as far as it decides whether its values may give the output away. */
type Looked = Pick<GuessedColumn, "name" | "distinct" | "example">;

/** Whether a column may give the output away: its values repeat, or the first is an id or has the output in it. */
function mayGive({ name, distinct, example }: Looked, rows: readonly Row[], output: string): boolean {
  if (distinct * LEAST_REPEATS <= rows.length) return true;
  if (aspectOf(example, "letters") !== undefined || aspectOf(example, "end") !== undefined) return true;
  const first = rows.find(({ fields }) => Object.hasOwn(fields, name));
  const target = first?.fields[output]?.trim().toLowerCase();
  return target !== undefined && example.slice(0, LONGEST_SEARCHED).toLowerCase().includes(target);
}

/** The columns of which a value alone gives the output away, such as another form of the label. */
function givingNames(rows: readonly Row[], likely: readonly Looked[], output: string): string[] {
  const names = namesOf(likely.filter((column) => mayGive(column, rows, output)));
  if (names.length === 0) return [];
  const labels = new LabelCounts();
  const columns = new Columns(names);
  const inputs = new Set<number>();
  for (const { fields } of rows.filter((row) => Object.hasOwn(row.fields, output))) {
    const valuesOf = (some: readonly string[]): Record<string, string> =>
      Object.fromEntries(some.filter((name) => Object.hasOwn(fields, name)).map((name) => [name, fields[name]!]));
    const target = fields[output]!.trim();
    columns.add("train", valuesOf(names), { target, example: labels.total("train") });
    labels.add("train", target);
    inputs.add(hashKey(textHash(Object.values(valuesOf(namesOf(likely))).join("\0"))));
  }
  return givingColumns(columns, { labels, inputs: inputs.size }).map(({ name }) => name);
}

/**
 * Guesses what each column of a data file is for, by its name and values. The output is a column of few distinct
 * values; inputs are columns of text. Numbers, ids and dates are neither, and no column that gives the output away;
 * without any text column, every column but the output is an input.
 */
export function guessColumnRoles(rows: readonly Row[]): GuessedColumn[] {
  const some = rows.slice(0, ROWS);
  const names = [...new Set(some.flatMap(({ fields }) => Object.keys(fields)))].slice(0, MOST_COLUMNS);
  const known = names.map((name) => {
    const values = some.flatMap(({ fields }) => (Object.hasOwn(fields, name) ? [fields[name]!] : []));
    const distinct = new Set(values).size;
    return {
      name,
      distinct,
      example: values[0] ?? "",
      length: mean(values.map((value) => value.length)),
      numeric: values.every((value) => /^\s*-?\d*[.,]?\d+\s*$/.test(value)),
      complete: values.length === some.length,
    };
  });
  const candidates = known.filter(
    ({ name, distinct, complete }) =>
      complete &&
      distinct > 1 &&
      !OTHER_NAME.test(name) &&
      (distinct <= Math.max(2, Math.min(MOST_LABELS, some.length / 2)) || OUTPUT_NAME.test(name)),
  );
  const output =
    candidates.find(({ name }) => OUTPUT_NAME.test(name)) ??
    [...candidates].sort((a, b) => Number(a.numeric) - Number(b.numeric) || a.length - b.length)[0] ??
    known.findLast(({ name }) => !OTHER_NAME.test(name));
  const texts = known.filter(
    (each) => each !== output && !each.numeric && !OTHER_NAME.test(each.name) && each.length > 1,
  );
  const inputs = texts.length > 0 ? texts : known.filter((each) => each !== output && !OTHER_NAME.test(each.name));
  // Beside long texts, a column of a few short words is more likely another label than an input.
  const longest = Math.max(0, ...inputs.map(({ length }) => length));
  const likely = inputs.filter(({ length, distinct }) => length * 8 >= longest || distinct > MOST_LABELS);
  const giving = output === undefined ? [] : givingNames(some, likely, output.name);
  const others = likely.filter(({ name }) => !giving.includes(name));
  const chosen = others.length > 0 ? others : likely;
  const roleOf = (each: (typeof known)[number]): Role => {
    if (each === output) return "output";
    return chosen.includes(each) ? "input" : "other";
  };
  return known.map((each) => ({
    name: each.name,
    distinct: each.distinct,
    example: each.example,
    role: roleOf(each),
  }));
}

/**
 * Makes the templates of these roles: a single input alone, several with their names as in the paper's tasks. Braces
 * are removed from those names, since they would be read as fields.
 */
export function templatesOf(columns: readonly Pick<GuessedColumn, "name" | "role">[]): {
  source: string;
  target: string;
} {
  const named = (role: Role): string[] => columns.filter((each) => each.role === role).map(({ name }) => name);
  const [inputs, [output = ""]] = [named("input"), named("output")];
  return {
    source:
      inputs.length === 1
        ? `{${inputs[0]!}}`
        : inputs.map((name) => `${name.replace(/[{}]/g, "")}: {${name}}`).join(" "),
    target: output === "" ? "" : `{${output}}`,
  };
}
