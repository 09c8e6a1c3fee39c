import type { Figures } from "./figures.ts";
import type { MedianInterval } from "../../../src/protocol/results/intervals.ts";

/** One row of a bench's results. */
export interface BenchRow {
  bench: string;
  case: string;
  unit: string;
  /** Undefined where something was not measured or is not a number; `note` then says what. */
  ours?: Figures | undefined;
  peer?: { name: string; figures?: Figures | undefined } | undefined;
  /** How many times faster (or smaller) ours is than the peer; with an interval where rounds are paired. */
  ratio?: { median: number; low?: number | undefined; high?: number | undefined } | undefined;
  /** Peak resident memory of each side's process, MB. */
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
