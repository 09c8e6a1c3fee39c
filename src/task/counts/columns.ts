import type { SplitName } from "../splitNames.ts";
import { ColumnTable, type ColumnState } from "./columnTable.ts";
import { LabelInside, type InsideState } from "./labelInside.ts";
import { aspectOf, ASPECTS, type Aspect } from "./valueAspects.ts";

/** The columns beside those of the input that are counted; every row of JSON may have columns of its own. */
const MOST = 20;

/** What the rows of a split have in one column. */
export class Column {
  /** By aspect; one that tells nothing is dropped at the first row that shows it. Other columns have the value only. */
  readonly tables: Map<Aspect, ColumnTable | undefined>;
  readonly inside: LabelInside;

  constructor(
    readonly isInput: boolean,
    state?: ColumnStates,
  ) {
    const known = new Map(state?.tables);
    const aspects = isInput ? ASPECTS : (["value"] as const);
    this.tables = new Map(
      aspects.map((aspect) => {
        const table = known.get(aspect);
        return [aspect, state !== undefined && table === undefined ? undefined : new ColumnTable(table)];
      }),
    );
    this.inside = new LabelInside(state?.inside);
  }

  add(split: SplitName, value: string, at: { target: string; example: number }): void {
    if (this.isInput && split === "train") this.inside.add(value, at.target);
    for (const [aspect, table] of this.tables) {
      if (table === undefined || (aspect !== "value" && split !== "train")) continue;
      const part = aspectOf(value, aspect);
      if (part !== undefined) table.add(split, part, at);
      if (aspect !== "value" && (part === undefined || table.isTorn)) this.tables.set(aspect, undefined);
    }
  }

  join(more: Column, before: Readonly<Record<SplitName, number>>): void {
    this.inside.join(more.inside);
    for (const [aspect, table] of this.tables) {
      const other = more.tables.get(aspect);
      if (other !== undefined) table?.join(other, before);
      if (aspect !== "value" && (other === undefined || table?.isTorn === true)) this.tables.set(aspect, undefined);
    }
  }

  /** Counts of the whole values. */
  get values(): ColumnTable {
    return this.tables.get("value")!;
  }

  state(): ColumnStates {
    return {
      tables: [...this.tables].flatMap(([aspect, table]) => (table === undefined ? [] : [[aspect, table.state()]])),
      inside: this.inside.state(),
    };
  }
}

/** The state of a `Column`, for another thread. */
export interface ColumnStates {
  tables: readonly (readonly [Aspect, ColumnState])[];
  inside: InsideState;
}

/** Counts what rows have in their columns: those that the input uses, and the first twenty others. */
export class Columns {
  readonly byName = new Map<string, Column>();

  constructor(
    private readonly inputs: readonly string[],
    state: ColumnsState = [],
  ) {
    for (const [name, column] of state) this.byName.set(name, new Column(inputs.includes(name), column));
  }

  add(split: SplitName, values: Readonly<Record<string, string>>, at: { target: string; example: number }): void {
    for (const name of Object.keys(values)) this.of(name)?.add(split, values[name]!, at);
  }

  join(more: Columns, before: Readonly<Record<SplitName, number>>): void {
    for (const [name, column] of more.byName) this.of(name)?.join(column, before);
  }

  private of(name: string): Column | undefined {
    const known = this.byName.get(name);
    const isInput = this.inputs.includes(name);
    if (known !== undefined || (!isInput && this.byName.size >= MOST)) return known;
    const column = new Column(isInput);
    this.byName.set(name, column);
    return column;
  }

  state(): ColumnsState {
    return [...this.byName].map(([name, column]) => [name, column.state()]);
  }
}

/** The state of `Columns`, for another thread. */
export type ColumnsState = readonly (readonly [string, ColumnStates])[];
