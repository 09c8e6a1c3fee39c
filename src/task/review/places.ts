import { rowLocation } from "../rows/rowLocation.ts";
import type { Row } from "../rows/row.ts";
import { GrowingWords } from "./growingWords.ts";

/** A file whose rows follow each other among the examples of a split. */
interface File {
  /** The first of its examples. */
  from: number;
  path: string;
  unit: Row["unit"];
}

/** Where the examples of a split were read: the row of each, and its file. Examples are numbered from 0. */
export class Places {
  private readonly rows: GrowingWords;
  private readonly files: File[];

  constructor(state: PlacesState = { rows: new Uint32Array(0), files: [] }) {
    this.rows = new GrowingWords(state.rows);
    this.files = state.files.map((file) => ({ ...file }));
  }

  get length(): number {
    return this.rows.length;
  }

  /** @param row where the example was read, if it was read in a file */
  add(row: { path: string; line: number; unit?: Row["unit"] } | undefined): void {
    const path = row?.path ?? "";
    const last = this.files.at(-1);
    if (last === undefined || last.path !== path || last.unit !== row?.unit)
      this.files.push({ from: this.length, path, unit: row?.unit });
    this.rows.push(row?.line ?? 0);
  }

  join(other: Places): void {
    for (const file of other.files) this.files.push({ ...file, from: file.from + this.length });
    this.rows.append(other.rows.words());
  }

  /** The place of an example for messages, such as "train.jsonl:12"; undefined where it was in no file. */
  at(example: number): string | undefined {
    const { path, unit } = this.files.findLast(({ from }) => from <= example)!;
    return path === "" ? undefined : rowLocation(path, { line: this.rows.at(example), ...(unit && { unit }) });
  }

  state(): PlacesState {
    return { rows: this.rows.words(), files: this.files };
  }
}

/** The state of `Places`, for another thread. */
export interface PlacesState {
  rows: Uint32Array<ArrayBuffer>;
  files: readonly File[];
}
