import type { Block } from "./blocks.ts";
import { number } from "./format.ts";
import type { ReportedRun } from "./reportedRun.ts";

/** The latency of one run: ADePT's where there is one, since only that has a fold to show. */
export function latencySection(runs: readonly ReportedRun[]): Block[] {
  const run = runs.find(({ experiment, analyses }) => experiment.method.kind === "adept" && analyses.latency !== undefined) ?? runs.find(({ analyses }) => analyses.latency !== undefined), latency = run?.analyses.latency;
  if (run === undefined || latency === undefined) return [];
  const time = ({ median, low, high }: { median: number; low: number; high: number }, digits = 2): string => `${number(median, digits)} [${number(low, digits)}, ${number(high, digits)}]`;
  return [
    { kind: "heading", level: 3, text: "Latency" },
    {
      kind: "table", caption: `Milliseconds, median with its 95 % interval over ${latency.rounds} rounds in turn, ${latency.device}: encoder and ${latency.tokens} decoded tokens, and the input layer alone (run ${run.id})`,
      header: ["", "parameters", "prompt", "text length", "batch", "end to end (ms)", "against the backbone alone", "input layer (ms)"],
      rows: latency.rows.map((row) => [row.form, row.parameters.toLocaleString("en"), String(row.promptLength), String(row.length), String(row.batchSize), time(row.endToEnd), `${time(row.ratio)} x`, time(row.inputLayer, 3)]),
    },
  ];
}
