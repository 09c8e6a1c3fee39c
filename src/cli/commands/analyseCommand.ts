import { analysesOf } from "../../experiment/analysesOf.ts";
import { ANALYSIS_NAMES, type AnalysisName } from "../../experiment/analysisNames.ts";
import { AnalysisStopped, runAnalyses } from "../../worker/analyse/analysisJob.ts";
import { chosenRuns } from "./compareCommand.ts";
import { command, type Options, type Parsed } from "../command.ts";
import { RUN_OPTIONS } from "../commonOptions.ts";
import { runsFolder } from "../namedRun.ts";
import { abortOnInterrupt } from "../interrupts.ts";
import { say, tell } from "../terminal.ts";
import { toldPreparing } from "../toldPreparing.ts";
import { WrongUse } from "../wrongUse.ts";

const isName = (text: string): text is AnalysisName => (ANALYSIS_NAMES as readonly string[]).includes(text);

/** Returns the analyses that --only or the arguments name. Without a name, or with "all", returns all of them. */
function namesOf(only: string | undefined, positionals: readonly string[]): AnalysisName[] {
  const listed = only?.split(",") ?? [];
  const unknown = listed.find((name) => !isName(name) && name !== "all");
  const wanted = [...listed, ...positionals.filter((each) => isName(each) || each === "all")];
  if (unknown !== undefined) throw new WrongUse(`--only knows ${ANALYSIS_NAMES.join(", ")}, not "${unknown}"`);
  return wanted.length === 0 || wanted.includes("all")
    ? [...ANALYSIS_NAMES]
    : ANALYSIS_NAMES.filter((name) => wanted.includes(name));
}

const OPTIONS = {
  only: { type: "string", value: "NAMES", help: "analyses to make, separated by commas" },
  examples: { type: "string", value: "N", help: "test examples to use, at least 2; without it all of them" },
  again: { type: "boolean", help: "computes again what is stored already" },
  ...RUN_OPTIONS,
} as const satisfies Options;

/** Adept analyse [RUN | SWEEP]... [ANALYSIS]... */
async function run({ values, positionals }: Parsed<typeof OPTIONS>): Promise<number> {
  const limit = values.examples === undefined ? undefined : Number(values.examples);
  const names = namesOf(values.only, positionals);
  const asked = positionals.filter((each) => !isName(each) && each !== "all");
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 1))
    throw new WrongUse("--examples must be a whole number of at least 2");
  const { signal, ignore } = abortOnInterrupt();
  const results: object[] = [];
  try {
    for (const run of chosenRuns(runsFolder(values["runs-dir"]), asked.length > 0 ? asked : ["latest"])) {
      const { kind } = run.experiment().method;
      const own = analysesOf(kind).filter((name) => names.includes(name));
      if (own.length === 0) {
        tell(`run ${run.id}: "${kind}" has nothing to analyse\n`);
        continue;
      }
      tell(`run ${run.id} (${kind}): ${own.join(", ")}\n`);
      run.refuseLinks();
      if (!run.isBeingAnalysed()) run.clearAnalysisControl();
      const done = await runAnalyses(run, own, {
        folder: process.cwd(),
        limit,
        again: values.again === true,
        signal,
        copying: toldPreparing().progress,
        progress: ({ label, done: at, total, metric }) => {
          tell(`  ${at}/${total} ${label}${metric === undefined ? "" : `: ${metric.toFixed(4)}`}\n`);
        },
      });
      for (const each of done) results.push({ run: run.id, ...each });
      if (values.json !== true)
        for (const { name, path, cached } of done) say(`${run.id} ${name}${cached ? " (stored before)" : ""}: ${path}`);
    }
    if (values.json === true) say(JSON.stringify(results));
    return 0;
  } catch (error) {
    if (!signal.aborted && !(error instanceof AnalysisStopped)) throw error;
    tell("stopped; finished analyses are kept\n");
    return 130;
  } finally {
    ignore();
  }
}

export const analyseCommand = command({
  summary: "analyses finished runs without training them again",
  takes: "[RUN|SWEEP]... [ANALYSIS]...",
  options: OPTIONS,
  examples: ["adept analyse latest", "adept analyse latest ablation position-shift --examples 200"],
  notes: [`ANALYSIS is one of ${ANALYSIS_NAMES.join(", ")}, or all, which is what is made without one.`],
  run,
});
