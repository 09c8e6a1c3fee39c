// npm run fuzz [-- --inputs N --seed S --only READER,READER]: changed inputs for everything that reads what others
// wrote.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { runJobs, type Done, type Job } from "./jobs.ts";
import { READERS } from "./readers.ts";
import type { Finding } from "./verdict.ts";

const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    processes: { type: "string", default: "2" },
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
    ...["inputs", "accepted", "refused", "findings", "seconds", "slowest ms", "most MB"].map((name) =>
      name.padStart(11),
    ),
  ].join(""),
);
for (const { reader, ...figures } of rows)
  console.log([reader.padEnd(16), ...Object.values(figures).map((figure) => String(figure).padStart(11))].join(""));
for (const { reader, index, kind, what, input } of findings)
  console.log(
    `\n${reader} ${index} (${kind}): ${what}\n  ${Buffer.from(input, "base64")
      .toString("latin1")
      .slice(0, 160)
      .replace(/[^ -~]/g, "·")}`,
  );
console.log(
  `\n${sum(done, "inputs")} inputs, ${findings.length} findings, ${Math.round((Date.now() - started) / 1000)} s; ${output}`,
);
process.exitCode = findings.length === 0 ? 0 : 1;
