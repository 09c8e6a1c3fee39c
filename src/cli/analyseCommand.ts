import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ANALYSES, type AnalysisName } from "../analysis/analyse.ts";
import { toHtml, toLatex, toMarkdown } from "../analysis/report/blocks.ts";
import { reportBlocks, type ReportedRun } from "../analysis/report/report.ts";
import { UserError } from "../experiment/errors.ts";
import { writeFileAtomic } from "../run/atomicFile.ts";
import type { RunDirectory } from "../run/runDirectory.ts";
import { runAnalyses, storedAnalysis } from "../worker/analysisJob.ts";
import { chosenRuns } from "./compareCommand.ts";
import { runsFolder } from "./place.ts";
import { WrongUse } from "./wrongUse.ts";

const NAMES = Object.keys(ANALYSES) as AnalysisName[];
/** What each method has to be analysed. */
const APPLY: Record<AnalysisName, readonly string[]> = { ablation: ["adept", "dept", "pt", "mpt"], offsets: ["adept", "dept"], shift: ["adept", "dept", "pt", "mpt"], specificity: ["adept"], latency: ["adept", "dept", "pt", "mpt"] };

function namesOf(only: string | undefined): AnalysisName[] {
  const wanted = only?.split(",") ?? NAMES, unknown = wanted.find((name) => !(NAMES as string[]).includes(name));
  if (unknown !== undefined) throw new WrongUse(`--only knows ${NAMES.join(", ")}, not "${unknown}"`);
  return NAMES.filter((name) => wanted.includes(name));
}

/** adept analyse [RUN | SWEEP]...: ablation, offsets, position shift and token specificity, post-hoc. */
export async function analyse(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { only: { type: "string" }, examples: { type: "string" }, again: { type: "boolean" }, "runs-dir": { type: "string" }, json: { type: "boolean" } } });
  const limit = values.examples === undefined ? undefined : Number(values.examples), names = namesOf(values.only), stop = new AbortController(), interrupt = (): void => { stop.abort(); };
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 1)) throw new WrongUse("--examples must be a whole number of at least 2");
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  const told: object[] = [];
  try {
    for (const run of chosenRuns(runsFolder(values["runs-dir"]), positionals.length > 0 ? positionals : ["latest"])) {
      const { kind } = run.experiment().method, own = names.filter((name) => APPLY[name].includes(kind));
      if (own.length === 0) { process.stderr.write(`run ${run.id}: "${kind}" has nothing to analyse\n`); continue; }
      process.stderr.write(`run ${run.id} (${kind}): ${own.join(", ")}\n`);
      const done = await runAnalyses(run, own, { folder: process.cwd(), limit, again: values.again === true, signal: stop.signal, progress: ({ label, done: at, total, metric }) => { process.stderr.write(`  ${at}/${total} ${label}${metric === undefined ? "" : `: ${metric.toFixed(4)}`}\n`); } });
      for (const each of done) told.push({ run: run.id, ...each });
      if (values.json !== true) for (const { name, path, cached } of done) console.log(`${run.id} ${name}${cached ? " (stored before)" : ""}: ${path}`);
    }
    if (values.json === true) console.log(JSON.stringify(told));
    return 0;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.stderr.write("stopped; finished analyses are kept\n");
    return 130;
  } finally { process.off("SIGINT", interrupt).off("SIGTERM", interrupt); }
}

function reported(run: RunDirectory): ReportedRun {
  const analyses = Object.fromEntries(NAMES.flatMap((name) => { const stored = storedAnalysis(run, name); return stored === undefined ? [] : [[name, stored.result]]; }));
  return { id: run.id, experiment: run.experiment(), record: run.record(), analyses };
}

/** adept report [RUN | SWEEP]... --out FILE: one page of HTML, and beside it Markdown and LaTeX. */
export function report(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { out: { type: "string", default: "report.html" }, "runs-dir": { type: "string" }, json: { type: "boolean" } } });
  if (!values.out.endsWith(".html")) throw new WrongUse("--out names a file ending in .html");
  const runs = chosenRuns(runsFolder(values["runs-dir"]), positionals.length > 0 ? positionals : ["latest"]);
  if (runs.every((run) => run.record().status !== "finished")) throw new UserError("None of these runs has finished", "Let one finish first.");
  const blocks = reportBlocks(runs.map(reported)), base = resolve(values.out).slice(0, -".html".length), files = { html: `${base}.html`, markdown: `${base}.md`, latex: `${base}.tex` };
  writeFileAtomic(files.html, toHtml(blocks, "ADePT Lab report"));
  writeFileAtomic(files.markdown, toMarkdown(blocks));
  writeFileAtomic(files.latex, toLatex(blocks));
  console.log(values.json === true ? JSON.stringify(files) : Object.values(files).join("\n"));
  return Promise.resolve(0);
}
