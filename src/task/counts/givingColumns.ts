import type { Column, Columns } from "./columns.ts";
import type { ColumnTable, ShownValue } from "./columnTable.ts";
import type { LabelCounts } from "./labelCounts.ts";
import { hashKey, textHash } from "./textHash.ts";
import type { Aspect } from "./valueAspects.ts";

/** Examples of a value, on average: of free text each value comes once, and by that alone has one label. */
export const LEAST_REPEATS = 3;
/** With as many, values are categories, also where the column is the whole input, or of texts that rows share. */
const CATEGORY_REPEATS = 10;
/** The mean length of a value, in characters, from which it is a text. */
const TEXT = 40;
/** Of whole inputs that come several times, a column has nearly as many different values as there are inputs. */
const OF_INPUTS = 0.8;
/** Bits of evidence: with fewer, labels drawn anew would fit as well once in 4,000 times. */
const LEAST_BITS = 12;

/** A column whose value gives the label away, by which aspect, and how many values it has. */
export interface GivingColumn {
  name: string;
  aspect: Aspect | "inside";
  distinct: number;
  example: ShownValue | undefined;
}

/** What is known of the training examples as a whole. */
export interface Trained {
  labels: LabelCounts;
  /** The number of different inputs. */
  inputs: number;
}

/** How unlikely each target is, in bits, by its key. */
function bitsByTarget(labels: LabelCounts): Map<number, number> {
  const total = labels.total("train");
  return new Map(
    labels
      .all()
      .filter(({ counts }) => counts.train > 0)
      .map(({ text, counts }) => [hashKey(textHash(text)), Math.log2(total / counts.train)]),
  );
}

/** Whether every value of a table has one label, and too often for chance. */
function gives(table: ColumnTable, bits: ReadonlyMap<number, number>, inputs: number): boolean {
  const values = table.all().filter(({ counts }) => counts.train > 0);
  const rows = values.reduce((sum, { counts }) => sum + counts.train, 0);
  const repeats = rows / values.length;
  if (table.isTorn || new Set(values.map(({ target }) => target)).size < 2) return false;
  const isShared = table.meanLength >= TEXT || values.length * table.scale > OF_INPUTS * inputs;
  if (repeats < (isShared ? CATEGORY_REPEATS : LEAST_REPEATS)) return false;
  // The first example of a value may have any label; each further one has the same.
  const evidence = values.reduce((sum, { counts, target }) => sum + (counts.train - 1) * (bits.get(target!) ?? 0), 0);
  return evidence >= LEAST_BITS;
}

function givingAspect(
  column: Column,
  bits: ReadonlyMap<number, number>,
  inputs: number,
): GivingColumn["aspect"] | undefined {
  const found = [...column.tables].find(([, table]) => table !== undefined && gives(table, bits, inputs))?.[0];
  if (found === "value" || !column.inside.gives) return found;
  return "inside";
}

/** The columns of the input of which a value alone gives the label of a training example away. */
export function givingColumns(columns: Columns, { labels, inputs }: Trained): GivingColumn[] {
  if (!labels.areLabels) return [];
  const bits = bitsByTarget(labels);
  if (bits.size < 2) return [];
  return [...columns.byName].flatMap(([name, column]) => {
    const aspect = column.isInput ? givingAspect(column, bits, inputs) : undefined;
    if (aspect === undefined) return [];
    const table = aspect === "inside" ? column.values : column.tables.get(aspect)!;
    const distinct = table.all().filter(({ counts }) => counts.train > 0).length * table.scale;
    return [{ name, aspect, distinct, example: table.example() }];
  });
}
