import { basename, join, resolve } from "node:path";
import { figureFiles, type DrawPlot } from "../../analysis/report/figureFiles.ts";
import { htmlReport } from "../../analysis/report/htmlReport.ts";
import { latexReport } from "../../analysis/report/latexReport.ts";
import { markdownReport } from "../../analysis/report/markdownReport.ts";
import { reportBlocks, SECTIONS, type Sections } from "../../analysis/report/report.ts";
import type { ReportedRun } from "../../analysis/report/reportedRun.ts";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { ANALYSIS_NAMES } from "../../experiment/analysisNames.ts";
import { storedAnalysis } from "../../run/directory/storedAnalysis.ts";
import { finishedAt } from "../../record/finishedAt.ts";
import { stepPoints } from "../../record/stepPoints.ts";
import { readJournal } from "../../run/journal/readJournal.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { writeExport } from "../../tracker/outputFile.ts";
import { command, type Options, type Parsed } from "../command.ts";
import { RUN_OPTIONS } from "../commonOptions.ts";
import { runsFolder } from "../namedRun.ts";
import { say } from "../terminal.ts";
import { WrongUse } from "../wrongUse.ts";
import { chosenRuns } from "./compareCommand.ts";

/** JSON writes numbers that are not finite as null; what is unknown is left out of a result. In place. */
function withNumbers(value: unknown): unknown {
  if (value === null) return NaN;
  if (typeof value === "object")
    for (const [key, each] of Object.entries(value)) {
      if (typeof each !== "object") continue;
      (value as Record<string, unknown>)[key] = withNumbers(each);
    }
  return value;
}

function reported(run: RunDirectory): ReportedRun {
  const analyses = Object.fromEntries(
    ANALYSIS_NAMES.flatMap((name) => {
      const stored = storedAnalysis(run.path, name);
      return stored === undefined ? [] : [[name, withNumbers(stored.result)]];
    }),
  );
  const { events } = readJournal(run.path);
  const losses = stepPoints(events).map(({ step, loss }): [number, number] => [step, loss]);
  return {
    id: run.id,
    experiment: run.experiment(),
    record: run.record(),
    analyses,
    losses,
    ended: finishedAt(events),
  };
}

const OPTIONS = {
  out: {
    type: "string",
    value: "FILE.html",
    default: "report.html",
    help: "the page of HTML; FILE.md and FILE.tex are written beside it, with the folder FILE.figures",
  },
  sections: {
    type: "string",
    value: "all|one|none",
    help: "of which runs there is a section of their own, beside the tables and figures of all: all, one of each row of the comparison, or none (default: all, of more than 20 runs one)",
  },
  ...RUN_OPTIONS,
} as const satisfies Options;

/** Reads the value of --sections. @throws WrongUse */
function sectionsOf(value: string | undefined): Sections | undefined {
  const known = SECTIONS.find((each) => each === value);
  if (value !== undefined && known === undefined)
    throw new WrongUse(`--sections is ${SECTIONS.join(", ")}, not ${value}`);
  return known;
}

/** Draws figures. Only a report needs it, so that it is a file of its own. */
const DRAWER = new URL(
  import.meta.url.endsWith(".ts") ? "../../figure/svg/drawSvg.ts" : "./figures.js",
  import.meta.url,
).href;

/** Writes the report as HTML, as Markdown and LaTeX beside it, and the figures of those two in a folder. */
async function run({ values, positionals }: Parsed<typeof OPTIONS>): Promise<number> {
  if (!values.out.endsWith(".html")) throw new WrongUse("--out names a file ending in .html");
  const sections = sectionsOf(values.sections);
  const runs = chosenRuns(runsFolder(values["runs-dir"]), positionals.length > 0 ? positionals : ["latest"]);
  if (runs.every((run) => run.record().status !== "finished"))
    throw new UserError("runs-unfinished", phrase`None of these runs has finished`, phrase`Let one finish first.`);
  const blocks = reportBlocks(runs.map(reported), sections);
  const { drawSvg } = (await import(DRAWER)) as { drawSvg: DrawPlot };
  const base = resolve(values.out).slice(0, -".html".length);
  const folder = `${basename(base)}.figures`;
  const files = { html: `${base}.html`, markdown: `${base}.md`, latex: `${base}.tex`, figures: `${base}.figures` };
  writeExport(files.html, htmlReport(blocks, "ADePT Lab report", drawSvg));
  writeExport(files.markdown, markdownReport(blocks, folder));
  writeExport(files.latex, latexReport(blocks, folder));
  for (const [name, text] of figureFiles(blocks, drawSvg)) writeExport(join(files.figures, name), text);
  say(values.json === true ? JSON.stringify(files) : Object.values(files).join("\n"));
  return 0;
}

export const reportCommand = command({
  summary: "writes stored analyses and results of runs as HTML, Markdown and LaTeX",
  takes: "[RUN|SWEEP]...",
  options: OPTIONS,
  examples: ["adept report latest", "adept report latest --out results.html"],
  run,
});
