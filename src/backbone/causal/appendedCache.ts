import { allRowsAt, tensor, type Feeds } from "../feeds.ts";
import type { HostTensor } from "../../engine/program.ts";

/** Columns that are added at least, where a cache is full. */
const LEAST_ROOM = 32;
/** Of the columns that there are, the share that is added. */
const ROOM = 1 / 8;

/** The name of the step's output that a cache is extended by. */
export const LATEST = "latest";

/**
 * Keys and values (B, keyValueHeads, columns, headWidth) of each layer, in arrays with room for those of new tokens.
 * What a step adds is written behind them in place: a cache that the step itself extends would be copied at each one.
 */
export class AppendedCache {
  private tensors: Feeds;
  private used: number;

  /** @param kept keys and values of prompt and text, by the names that a step reads them under */
  constructor(
    kept: Feeds,
    /** The names of keys and values, in the order in which a step has them. */
    private readonly names: readonly string[],
  ) {
    this.tensors = kept;
    this.used = this.columns;
  }

  get feeds(): Feeds {
    return this.tensors;
  }

  /** All columns, those that hold nothing yet included. */
  get columns(): number {
    return this.tensors[this.names[0]!]!.dims[2]!;
  }

  /** Columns that hold nothing yet; they stand last. */
  get spare(): number {
    return this.columns - this.used;
  }

  /** Appends one token's keys and values. @param latest (B, keyValueHeads, names, headWidth) */
  append({ data, dims }: HostTensor): void {
    if (this.spare === 0) this.widen(this.used + Math.max(LEAST_ROOM, Math.ceil(ROOM * this.used)));
    const [rows, heads, count, width] = dims as [number, number, number, number];
    const { columns, used } = this;
    this.names.forEach((name, i) => {
      const to = this.tensors[name]!.data as Float32Array;
      for (let head = 0; head < rows * heads; head++) {
        const from = (head * count + i) * width;
        to.set((data as Float32Array).subarray(from, from + width), (head * columns + used) * width);
      }
    });
    this.used++;
  }

  keepRows(places: readonly number[]): void {
    this.tensors = allRowsAt(this.tensors, places);
  }

  private widen(columns: number): void {
    const widened = this.names.map((name) => [name, inColumns(this.tensors[name]!, columns)] as const);
    this.tensors = { ...this.tensors, ...Object.fromEntries(widened) };
  }
}

/** A tensor (B, heads, n, w) with zeros behind its n columns. */
function inColumns({ data, dims }: HostTensor, columns: number): HostTensor {
  const [rows, heads, before, width] = dims as [number, number, number, number];
  const made = new Float32Array(rows * heads * columns * width);
  for (let head = 0; head < rows * heads; head++)
    made.set(
      (data as Float32Array).subarray(head * before * width, (head + 1) * before * width),
      head * columns * width,
    );
  return tensor(made, rows, heads, columns, width);
}
