import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BenchRow } from "./benchRow.ts";
import type { Machine } from "./machine.ts";

export const RESULTS = join(import.meta.dirname, "../../output/bench.json");

/** The results of one run of a bench, with machine and date. */
export interface BenchResult {
  machine: Machine;
  date: string;
  args: readonly string[];
  rows: readonly BenchRow[];
}
type Results = Record<string, BenchResult>;

/** Stores a bench's result in the file of all benches; each result has its own machine and date. */
export function keepResult(name: string, result: BenchResult, path: string = RESULTS): void {
  const before: Results = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Results) : {};
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify({ ...before, [name]: result }, undefined, 1)}\n`);
}
