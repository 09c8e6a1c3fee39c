// npm run fuzz [-- --inputs N --seed S --only READER,READER]: changed inputs for everything that reads what others
// wrote. Each finding is written as a file, which `--only READER --file FILE` reads again.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { runJobs, type Done, type Job } from "./jobs.ts";
import { READERS } from "./readers.ts";
import { judge, type Finding } from "./verdict.ts";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    processes: { type: "string", default: "2" },
    file: { type: "string" },
  },
});
const output = process.env["ADEPT_FUZZ_OUTPUT"] ?? resolve(import.meta.dirname, "../output/fuzz.json");
const seed = Number(values.seed);
const total = Number(values.inputs);
const wanted = values.only?.split(",");
const readers = READERS.filter(({ name }) => wanted?.includes(name) ?? true);
const weights = readers.reduce((sum, { weight = 1 }) => sum + weight, 0);
if (readers.length === 0) throw new Error(`--only knows ${READERS.map(({ name }) => name).join(", ")}`);
/** Inputs of one job: at most this many are missing from the counts if one of them ends the process. */
const MOST = 25_000;

function jobs(): Job[] {
  return readers
    .flatMap(({ name, weight = 1 }) => {
      const own = Math.max(1, Math.round((total * weight) / weights));
      return Array.from({ length: Math.ceil(own / MOST) }, (_, i) => ({
        reader: name,
        seed,
        from: i * MOST,
        to: Math.min(own, (i + 1) * MOST),
      }));
    })
    .map((each, job) => ({ ...each, job }));
}

/** Each reader is run by one process, so that it is opened only once. */
async function all(): Promise<{ findings: Finding[]; done: Done[] }> {
  const each = jobs();
  const processes = Math.max(1, Number(values.processes));
  const parts = Array.from({ length: processes }, (_, part) => each.filter((_job, i) => i % processes === part));
  const results = await Promise.all(parts.filter((part) => part.length > 0).map(runJobs));
  return { findings: results.flatMap(({ findings }) => findings), done: results.flatMap(({ done }) => done) };
}

/** Reads one file, as a finding was written. */
async function again(file: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "adept-fuzz-file-"));
  try {
    const [reader] = readers;
    const verdict = await judge(await reader!.open(folder), readFileSync(file), reader!.patience);
    console.log(reader!.name, verdict);
    process.exitCode = verdict.finding === undefined ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes a finding's input beside the figures. @returns the file's path */
function kept({ reader, index, input }: Finding): string {
  const folder = join(dirname(output), "fuzz");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${reader}-${seed}-${index}`);
  writeFileSync(path, Buffer.from(input, "base64"));
  return path;
}

if (values.file !== undefined) {
  await again(values.file);
  process.exit();
}
const started = Date.now();
const { findings, done } = await all();
const sum = (of: readonly Done[], key: "inputs" | "accepted" | "refused" | "findings" | "seconds"): number =>
  of.reduce((all, one) => all + one[key], 0);
const rows = readers.map(({ name }) => {
  const own = done.filter(({ reader }) => reader === name);
  return {
    reader: name,
    inputs: sum(own, "inputs"),
    accepted: sum(own, "accepted"),
    refused: sum(own, "refused"),
    findings: sum(own, "findings"),
    seconds: Number(sum(own, "seconds").toFixed(1)),
    slowestMs: Math.round(Math.max(0, ...own.map(({ slowest }) => slowest))),
    largestMb: Math.round(Math.max(0, ...own.map(({ largest }) => largest))),
    peakMb: Math.round(Math.max(0, ...own.map(({ peak }) => peak))),
  };
});
mkdirSync(dirname(output), { recursive: true });
writeFileSync(
  output,
  `${JSON.stringify({ seed, inputs: sum(done, "inputs"), seconds: Math.round((Date.now() - started) / 1000), readers: rows, findings }, null, 2)}\n`,
);
console.log(
  [
    "reader".padEnd(16),
    ...["inputs", "accepted", "refused", "findings", "seconds", "slowest ms", "most MB", "peak MB"].map((name) =>
      name.padStart(11),
    ),
  ].join(""),
);
for (const { reader, ...figures } of rows)
  console.log([reader.padEnd(16), ...Object.values(figures).map((figure) => String(figure).padStart(11))].join(""));
for (const finding of findings) {
  const { reader, index, kind, what, input } = finding;
  console.log(
    `\n${reader} ${index} (${kind}), ${kept(finding)}: ${what}\n  ${Buffer.from(input, "base64")
      .toString("latin1")
      .slice(0, 160)
      .replace(/[^ -~]/g, "·")}`,
  );
}
console.log(
  `\n${sum(done, "inputs")} inputs, ${findings.length} findings, ${Math.round((Date.now() - started) / 1000)} s, ${Math.max(...rows.map(({ peakMb }) => peakMb))} MB at most; ${output}`,
);
process.exitCode = findings.length === 0 ? 0 : 1;
