import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { toHtml, toLatex, toMarkdown } from "../../analysis/report/blocks.ts";
import { reportBlocks } from "../../analysis/report/report.ts";
import type { ReportedRun } from "../../analysis/report/reportedRun.ts";
import { analysesOf, ANALYSIS_NAMES, type AnalysisName } from "../../experiment/analysisNames.ts";
import { UserError } from "../../base/errors.ts";
import { writeFileAtomic } from "../../base/atomicFile.ts";
import type { RunDirectory } from "../../run/runDirectory.ts";
import { storedAnalysis } from "../../run/analysisStore.ts";
import { AnalysisStopped, runAnalyses } from "../../worker/analyse/analysisJob.ts";
import { chosenRuns } from "./compareCommand.ts";
import { runsFolder } from "../place.ts";
import { say, tell } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";

const isName = (text: string): text is AnalysisName => (ANALYSIS_NAMES as readonly string[]).includes(text);

/** The analyses asked for, by --only or among the arguments; "all" and none are all. */
function namesOf(only: string | undefined, positionals: readonly string[]): AnalysisName[] {
  const listed = only?.split(",") ?? [];
  const unknown = listed.find((name) => !isName(name) && name !== "all");
  const wanted = [...listed, ...positionals.filter((each) => isName(each) || each === "all")];
  if (unknown !== undefined) throw new WrongUse(`--only knows ${ANALYSIS_NAMES.join(", ")}, not "${unknown}"`);
  return wanted.length === 0 || wanted.includes("all")
    ? [...ANALYSIS_NAMES]
    : ANALYSIS_NAMES.filter((name) => wanted.includes(name));
}

/** adept analyse [RUN | SWEEP]... [ANALYSIS]... */
export async function analyse(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      only: { type: "string" },
      examples: { type: "string" },
      again: { type: "boolean" },
      "runs-dir": { type: "string" },
      json: { type: "boolean" },
    },
  });
  const limit = values.examples === undefined ? undefined : Number(values.examples);
  const names = namesOf(values.only, positionals);
  const asked = positionals.filter((each) => !isName(each) && each !== "all");
  const stop = new AbortController();
  const interrupt = (): void => {
    stop.abort();
  };
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 1))
    throw new WrongUse("--examples must be a whole number of at least 2");
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  const told: object[] = [];
  try {
    for (const run of chosenRuns(runsFolder(values["runs-dir"]), asked.length > 0 ? asked : ["latest"])) {
      const { kind } = run.experiment().method;
      const own = analysesOf(kind).filter((name) => names.includes(name));
      if (own.length === 0) {
        tell(`run ${run.id}: "${kind}" has nothing to analyse\n`);
        continue;
      }
      tell(`run ${run.id} (${kind}): ${own.join(", ")}\n`);
      run.checkOwn();
      if (!run.isBeingAnalysed()) run.clearAnalysisControl();
      const done = await runAnalyses(run, own, {
        folder: process.cwd(),
        limit,
        again: values.again === true,
        signal: stop.signal,
        progress: ({ label, done: at, total, metric }) => {
          tell(`  ${at}/${total} ${label}${metric === undefined ? "" : `: ${metric.toFixed(4)}`}\n`);
        },
      });
      for (const each of done) told.push({ run: run.id, ...each });
      if (values.json !== true)
        for (const { name, path, cached } of done) say(`${run.id} ${name}${cached ? " (stored before)" : ""}: ${path}`);
    }
    if (values.json === true) say(JSON.stringify(told));
    return 0;
  } catch (error) {
    if (!stop.signal.aborted && !(error instanceof AnalysisStopped)) throw error;
    tell("stopped; finished analyses are kept\n");
    return 130;
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

function reported(run: RunDirectory): ReportedRun {
  const analyses = Object.fromEntries(
    ANALYSIS_NAMES.flatMap((name) => {
      const stored = storedAnalysis(run.path, name);
      return stored === undefined ? [] : [[name, stored.result]];
    }),
  );
  return { id: run.id, experiment: run.experiment(), record: run.record(), analyses };
}

/** adept report [RUN | SWEEP]... --out FILE: one page of HTML, and beside it Markdown and LaTeX. */
export function report(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      out: { type: "string", default: "report.html" },
      "runs-dir": { type: "string" },
      json: { type: "boolean" },
    },
  });
  if (!values.out.endsWith(".html")) throw new WrongUse("--out names a file ending in .html");
  const runs = chosenRuns(runsFolder(values["runs-dir"]), positionals.length > 0 ? positionals : ["latest"]);
  if (runs.every((run) => run.record().status !== "finished"))
    throw new UserError("None of these runs has finished", "Let one finish first.");
  const blocks = reportBlocks(runs.map(reported));
  const base = resolve(values.out).slice(0, -".html".length);
  const files = { html: `${base}.html`, markdown: `${base}.md`, latex: `${base}.tex` };
  writeFileAtomic(files.html, toHtml(blocks, "ADePT Lab report"));
  writeFileAtomic(files.markdown, toMarkdown(blocks));
  writeFileAtomic(files.latex, toLatex(blocks));
  say(values.json === true ? JSON.stringify(files) : Object.values(files).join("\n"));
  return Promise.resolve(0);
}
