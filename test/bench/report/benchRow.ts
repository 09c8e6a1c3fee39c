import type { Figures } from "./figures.ts";
import type { MedianInterval } from "../../../src/protocol/results/intervals.ts";

/** One line of what a bench found. */
export interface BenchRow {
  bench: string;
  case: string;
  unit: string;
  /** absent where something was not measured, or is no number: then `note` says what */
  ours?: Figures | undefined;
  peer?: { name: string; figures?: Figures | undefined } | undefined;
  /** how many times faster (or smaller) ours is than the peer; from pairs of one round it has an interval */
  ratio?: { median: number; low?: number | undefined; high?: number | undefined } | undefined;
  /** largest resident memory of a side's process, MB */
  memory?: { ours?: number | undefined; peer?: number | undefined } | undefined;
  note?: string | undefined;
}

/** Takes a row as soon as it is known, so that a bench that fails later keeps what it has. */
export type AddRow = (row: BenchRow) => void;

/** A bench by name: arguments after it, and where its rows go. */
export type Bench = (args: string[], add: AddRow) => Promise<void>;

export const interval = ({ median, low, high }: MedianInterval): NonNullable<BenchRow["ratio"]> => ({
  median,
  low,
  high,
});
