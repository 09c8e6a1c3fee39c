// Reads inputs one after the other; whoever started it watches its time and memory, and goes on behind an input that
// ends it.
import { mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Inputs } from "./inputs.ts";
import type { Job, Told } from "./jobs.ts";
import { READERS } from "./readers.ts";
import { judge, peak } from "./verdict.ts";

const [progressPath, jobsText] = process.argv.slice(2) as [string, string];
const progress = openSync(progressPath, "r+");
const mark = new Float64Array(2);
const bytes = new Uint8Array(mark.buffer);
const tell = (told: Told): void => {
  writeSync(1, `${JSON.stringify(told)}\n`);
};
/** The most findings that are reported for one place in the code. */
const MOST_ALIKE = 2;

async function work({ reader: name, seed, from, to, job }: Job, folder: string): Promise<void> {
  const reader = READERS.find((each) => each.name === name)!;
  const inputs = new Inputs(reader, seed);
  const read = await reader.open(folder);
  const alike = new Map<string, number>();
  const sums = { accepted: 0, refused: 0, findings: 0, slowest: 0, largest: 0 };
  const started = performance.now();
  for (let index = from; index < to; index++) {
    mark[0] = job;
    mark[1] = index;
    writeSync(progress, bytes, 0, bytes.length, 0);
    const input = inputs.at(index);
    const { accepted, milliseconds, megabytes, finding } = await judge(read, input, reader.patience);
    sums.slowest = Math.max(sums.slowest, milliseconds);
    sums.largest = Math.max(sums.largest, megabytes);
    if (finding === undefined) {
      sums[accepted ? "accepted" : "refused"]++;
      continue;
    }
    sums.findings++;
    const key = finding.kind + finding.what.replace(/^.*?\n/, "");
    const count = (alike.get(key) ?? 0) + 1;
    alike.set(key, count);
    if (count <= MOST_ALIKE) tell({ finding: { reader: name, index, ...finding, what: finding.what.slice(0, 2000) } });
  }
  const seconds = (performance.now() - started) / 1000;
  tell({ done: { job, reader: name, inputs: to - from, seconds, ...sums, peak: peak() } });
}

const folder = mkdtempSync(join(tmpdir(), "adept-fuzz-"));
try {
  for (const job of JSON.parse(jobsText) as Job[]) {
    const own = mkdtempSync(join(folder, `${job.reader}-`));
    await work(job, own);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
