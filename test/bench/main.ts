// npm run bench NAME [ARG...]: what is measured, never a test that passes or fails by time.
import { benchAnalyses } from "./analyses.ts";
import { benchHeatmap } from "./heatmap.ts";
import { benchMemoryForecast } from "./memoryForecast.ts";
import { benchSets } from "./sets.ts";
import { benchStep } from "./step.ts";
import { benchUi } from "./ui.ts";

const BENCHES: Record<string, (args: string[]) => Promise<void>> = { step: benchStep, sets: benchSets, analyses: benchAnalyses, ui: benchUi, heatmap: benchHeatmap, memoryForecast: benchMemoryForecast };
const [name, ...args] = process.argv.slice(2);
const chosen = name === undefined ? Object.values(BENCHES) : [BENCHES[name]];
for (const bench of chosen) {
  if (bench === undefined) { console.error(`no bench ${name ?? ""}; there are: ${Object.keys(BENCHES).join(", ")}`); process.exit(2); }
  await bench(args);
}
