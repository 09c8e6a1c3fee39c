import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ANALYSES } from "../../analysis/analyses.ts";
import type { Progress } from "../../analysis/subject/outcomes.ts";
import { analyseStability } from "../../analysis/stability/stabilityReport.ts";
import { openSubject } from "../../analysis/subject/openSubject.ts";
import type { Subject } from "../../analysis/subject/subject.ts";
import { ANALYSIS_ADDITIONS, ANALYSIS_VERSIONS, type AnalysisName } from "../../experiment/analysisNames.ts";
import { UserError, phraseOf } from "../../base/errors.ts";
import { makeFolder, writeFileAtomic } from "../../base/files/atomicFile.ts";
import { analysisPath, storedAnalysis, StoredAnalysis } from "../../run/directory/storedAnalysis.ts";
import { phrase, english } from "../../base/phrase.ts";
import { SharedJournal } from "../../run/journal/sharedJournal.ts";
import { readJournal } from "../../run/journal/readJournal.ts";
import { dropLease, takeLease } from "../../run/lease/lease.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { locatedExperiment } from "../../run/inputs/inputPlaces.ts";
import { copiedWeights } from "../../training/copiedWeights.ts";
import { PreparationStopped, type Preparing } from "../../training/data/preparing.ts";
import { commitAnalyses } from "./commitAnalyses.ts";
import { PartialAnalysis } from "./partialAnalysis.ts";

/** Position shift runs first: the other analyses use its results on unaltered texts. */
const inOrder = (names: readonly AnalysisName[]): AnalysisName[] =>
  [...names].sort((a, b) => Number(b === "position-shift") - Number(a === "position-shift"));

/** The run's control file asked for the analysis to stop. */
export class AnalysisStopped extends Error {
  override readonly name = "AnalysisStopped";
}

/** How analyses are run. */
export interface AnalysisOptions {
  /** The folder whose git repository gets the commit; undefined: no commit. */
  folder: string | undefined;
  /** The largest number of test examples. */
  limit: number | undefined;
  /** Whether to compute again what is stored. */
  again: boolean;
  signal: AbortSignal;
  progress: Progress;
  /** Hears how far a copy of the backbone's weights is that the cache lacks. */
  copying?: Preparing["progress"];
}
export interface AnalysisDone {
  name: AnalysisName;
  path: string;
  cached: boolean;
  examples: number;
  result: unknown;
}

/**
 * A key of what a result depends on: the experiment, the trained tensors, the number of examples, and the analysis's
 * version.
 */
function keyOf(run: RunDirectory, name: AnalysisName, limit: number | undefined): string {
  const {
    $schema: _,
    name: __,
    part: ___,
    engine: ____,
    analyses: _____,
    git: ______,
    reproduces: _______,
    precision: { weights },
    ...experiment
  } = run.experiment();
  const added = ANALYSIS_ADDITIONS[name];
  return createHash("sha256")
    .update(
      JSON.stringify([
        ANALYSIS_VERSIONS[name],
        experiment,
        limit ?? null,
        ...(weights === "fp32" ? [] : [weights]),
        ...(added === undefined ? [] : [added]),
      ]),
    )
    .update(readFileSync(join(run.adapterPath, "adapter_model.safetensors")))
    .digest("hex");
}

/**
 * Runs analyses of a finished run one after the other: progress goes to its journal, results to its folder, and all are
 * committed together, those too that were finished before another was stopped or failed. A stored result of the same
 * content is reused. One process at a time may analyse a run; its control file stops it.
 * @throws UserError where the run has no result yet, is being analysed, or its method has nothing to analyse
 * @throws the signal's reason when it is aborted
 * @throws AnalysisStopped when the control file asks for a stop
 */
export async function runAnalyses(
  run: RunDirectory,
  names: readonly AnalysisName[],
  options: AnalysisOptions,
): Promise<AnalysisDone[]> {
  if (!existsSync(join(run.adapterPath, "adapter_config.json")))
    throw new UserError(
      "run-without-result",
      phrase`Run ${run.id} has nothing to analyse yet: it is ${run.record().status}`,
      phrase`Let it finish, or stop it: a stopped run keeps its best so far.`,
    );
  run.refuseNewerVersion();
  if (!takeLease(run.analysisLeasePath, process.pid))
    throw new UserError(
      "run-being-analysed",
      phrase`Run ${run.id} is being analysed already`,
      phrase`Wait for it, or stop it.`,
    );
  const journal = new SharedJournal(run.path);
  const done: AnalysisDone[] = [];
  let subject: Subject | undefined;
  try {
    for (const name of inOrder(names)) {
      options.signal.throwIfAborted();
      const stored = storedAnalysis(run.path, name);
      const path = analysisPath(run.path, name);
      const key = keyOf(run, name, options.limit);
      if (!options.again && stored?.key === key) {
        done.push({ name, path, cached: true, examples: stored.examples, result: stored.result });
        continue;
      }
      const asked = async (): Promise<Subject> => (subject ??= await opened(run, options));
      done.push(await one(run, name, { key, asked, journal, options }));
    }
    return done.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
  } finally {
    const made = done.filter(({ cached }) => !cached).map(({ name }) => name);
    if (options.folder !== undefined) await commitAnalyses(run, journal, { folder: options.folder, made });
    run.clearAnalysisControl();
    dropLease(run.analysisLeasePath);
    await subject?.release();
  }
}

/**
 * Opens a run for its analyses, after the copies of its backbone's weights that the cache lacks are made.
 * @throws AnalysisStopped when the control file asks for a stop in between
 */
async function opened(run: RunDirectory, { limit, signal, copying }: AnalysisOptions): Promise<Subject> {
  const experiment = locatedExperiment(run);
  try {
    await copiedWeights(experiment, {
      progress: (progress) => copying?.(progress),
      stopRequested: () => {
        signal.throwIfAborted();
        return run.analysisStopRequested();
      },
    });
  } catch (error) {
    throw error instanceof PreparationStopped ? new AnalysisStopped() : error;
  }
  return openSubject(experiment, run.adapterPath, limit);
}

async function one(
  run: RunDirectory,
  name: AnalysisName,
  {
    key,
    asked,
    journal,
    options,
  }: { key: string; asked: () => Promise<Subject>; journal: SharedJournal; options: AnalysisOptions },
): Promise<AnalysisDone> {
  journal.append({ type: "analysis", name, status: "started" });
  try {
    if (run.analysisStopRequested()) throw new AnalysisStopped();
    const partial = new PartialAnalysis(join(run.path, "analysis", `${name}.partial.jsonl`), `${key} ${name}`);
    const report: Progress = (progress) => {
      if (run.analysisStopRequested()) throw new AnalysisStopped();
      options.signal.throwIfAborted();
      journal.append({ type: "analysis", name, status: "running", ...progress });
      options.progress(progress);
    };
    const subject = name === "stability" ? undefined : await asked();
    const result =
      name === "stability" || subject === undefined
        ? analyseStability(readJournal(run.path).events, run.experiment())
        : await ANALYSES[name]({ ...subject, memo: partial }, report);
    makeFolder(join(run.path, "analysis"));
    const path = analysisPath(run.path, name);
    const examples = subject?.test.length ?? 0;
    // Parsed from JSON, so that the caller gets the same value as a reader of the file.
    const text = JSON.stringify({ name, version: ANALYSIS_VERSIONS[name], key, examples, result }, undefined, 1);
    writeFileAtomic(path, `${text}\n`);
    partial.done();
    journal.append({ type: "analysis", name, status: "finished" });
    return { name, path, cached: false, examples, result: StoredAnalysis.parse(JSON.parse(text)).result };
  } catch (error) {
    const why = phraseOf(error);
    journal.append({
      type: "analysis",
      name,
      status: options.signal.aborted || error instanceof AnalysisStopped ? "stopped" : "failed",
      label: english(why),
      phrase: why,
    });
    throw error;
  }
}
