// npm run bench [NAME [ARG...]]: what is measured, never a test that passes or fails by time. Rows are printed and kept
// in test/output/bench.json.
import { benchAnalyses } from "./analyses.ts";
import { benchCausal } from "./causal.ts";
import { benchData } from "./data.ts";
import { benchDecode } from "./decode.ts";
import { benchEvaluate } from "./evaluate.ts";
import { benchGrowth } from "./growth.ts";
import { benchHeatmap } from "./heatmap.ts";
import { benchLarge } from "./large.ts";
import { benchLatency } from "./latency.ts";
import { benchLengths } from "./lengths.ts";
import { benchMemory } from "./memory.ts";
import { benchMemoryForecast } from "./memoryForecast.ts";
import type { Bench, BenchRow } from "./report/benchRow.ts";
import { thisMachine } from "./report/machine.ts";
import { keepResult, RESULTS } from "./report/resultsFile.ts";
import { toTable } from "./report/table.ts";
import { benchSets } from "./sets.ts";
import { benchStartup } from "./startup.ts";
import { benchStep } from "./step.ts";
import { benchUi } from "./ui.ts";

const BENCHES: Readonly<Record<string, Bench>> = {
  step: benchStep,
  causal: benchCausal,
  lengths: benchLengths,
  decode: benchDecode,
  evaluate: benchEvaluate,
  latency: benchLatency,
  startup: benchStartup,
  memory: benchMemory,
  memoryForecast: benchMemoryForecast,
  growth: benchGrowth,
  data: benchData,
  sets: benchSets,
  analyses: benchAnalyses,
  ui: benchUi,
  heatmap: benchHeatmap,
  large: benchLarge,
};

async function run(name: string, bench: Bench, args: string[]): Promise<void> {
  const rows: BenchRow[] = [];
  console.log(`\n# ${name}`);
  try {
    await bench(args, (row) => {
      rows.push(row);
      console.error(`  ${row.case} ${row.peer?.name ?? ""} ${row.ratio?.median.toFixed(2) ?? ""}`);
    });
  } finally {
    if (rows.length > 0) {
      console.log(`${toTable(rows)}\n`);
      keepResult(name, { machine: thisMachine(), date: new Date().toISOString(), args, rows });
    }
  }
}

const [name, ...args] = process.argv.slice(2);
if (name !== undefined && BENCHES[name] === undefined) {
  console.error(`no bench ${name}; there are: ${Object.keys(BENCHES).join(", ")}`);
  process.exit(2);
}
/** Takes most of an hour and 40 GB of disk, so it runs only where it is named. */
const LONG = "large";
// A failing bench does not end the others.
for (const [each, bench] of Object.entries(BENCHES).filter(([own]) =>
  name === undefined ? own !== LONG : own === name,
)) {
  try {
    await run(each, bench, args);
  } catch (error) {
    console.error(`bench ${each} failed:`, error);
    process.exitCode = 1;
  }
}
console.log(`kept in ${RESULTS}`);
