import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { MersenneTwister } from "../../src/base/random.ts";
import { figures } from "./report/figures.ts";
import type { AddRow } from "./report/benchRow.ts";
import { firstStep, type FirstStep } from "./sides/firstStep.ts";

const WORDS = 500;
const ROW_WORDS = 60;
const LABELS = ["pos", "neg"];

type Form = "csv" | "jsonl";

/** Writes rows of random words, until the file is as large. */
function writeData(path: string, form: Form, bytes: number): void {
  const random = new MersenneTwister(1);
  const fd = openSync(path, "w");
  try {
    let done = form === "csv" ? writeSync(fd, "id,text,label\n") : 0;
    for (let id = 0; done < bytes;) {
      const rows: string[] = [];
      for (const end = id + 1000; id < end; id++) {
        const text = Array.from({ length: ROW_WORDS }, () => `w${Math.floor(random.uniform() * WORDS)}`).join(" ");
        const label = LABELS[Math.floor(random.uniform() * LABELS.length)]!;
        rows.push(form === "csv" ? `${id},"${text}",${label}\n` : `${JSON.stringify({ id, text, label })}\n`);
      }
      done += writeSync(fd, rows.join(""));
    }
  } finally {
    closeSync(fd);
  }
}

/** Where the time of a start goes, by the events of its journal. */
function told({ ms, at }: FirstStep): string {
  const seconds = (from: number | undefined, to: number | undefined): string =>
    (((to ?? 0) - (from ?? 0)) / 1000).toFixed(1);
  return `${seconds(0, at["contents"] ?? at["engine"])} s until the file is hashed and the device chosen, ${seconds(at["engine"], at["memory"])} s data and model, ${seconds(at["memory"], ms)} s the first step`;
}

/**
 * `adept train` on data of 200 MB, and with `--huge` of 2 GB, from its start to its first step: with an empty cache,
 * and again.
 */
export async function benchData(args: string[], add: AddRow): Promise<void> {
  const { values } = parseArgs({ args, options: { huge: { type: "boolean" }, rounds: { type: "string" } } });
  const rounds = Number(values.rounds ?? 3);
  const folder = mkdtempSync(join(tmpdir(), "adept-bench-data-"));
  const cases: [Form, number][] = [["csv", 200e6], ...(values.huge === true ? [["jsonl", 2e9] as [Form, number]] : [])];
  try {
    for (const [form, bytes] of cases) {
      const path = join(folder, `data.${form}`);
      writeData(path, form, bytes);
      writeFileSync(
        join(folder, "x.adept.json"),
        JSON.stringify({
          name: "x",
          task: { kind: "file", train: path, source: "{text}", target: "{label}" },
          method: { kind: "adept", promptLength: 5, bottleneck: 4 },
          training: { steps: 1, batchSize: 8, warmup: 0, maxTargetLength: 4, validationLimit: 8, testLimit: 8 },
          engine: { device: "cpu" },
        }),
      );
      const found = { cold: [] as FirstStep[], warm: [] as FirstStep[] };
      for (let round = 0; round < rounds; round++) {
        const cache = join(folder, `cache-${form}-${round}`);
        found.cold.push(await firstStep(folder, { ADEPT_CACHE: cache }));
        found.warm.push(await firstStep(folder, { ADEPT_CACHE: cache }));
        rmSync(cache, { recursive: true });
      }
      for (const [name, all] of Object.entries(found))
        add({
          bench: "data",
          case: `${form}, ${Math.round(statSync(path).size / 1e6)} MB, ${name}`,
          unit: "s to the first step",
          ours: figures(all.map(({ ms }) => ms / 1000)),
          memory: { ours: Math.max(...all.map(({ megabytes }) => megabytes)) },
          note: told(all.at(-1)!),
        });
      rmSync(path);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
