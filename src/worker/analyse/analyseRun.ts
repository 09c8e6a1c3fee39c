import { analysesOf } from "../../experiment/analysesOf.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { AnalysisStopped, runAnalyses } from "./analysisJob.ts";

/** How a run is analysed. */
export interface AnalyseJob {
  /** The folder whose git repository gets the commit. */
  folder: string;
  /** The analyses to run; none means all that the method supports. */
  names: readonly string[];
  signal: AbortSignal;
}

/**
 * Runs the analyses of a finished run, as a job of its own process. Progress and errors are written to the run's
 * journal.
 * @returns an exit code
 */
export async function analyseRun(run: RunDirectory, { folder, names, signal }: AnalyseJob): Promise<number> {
  const own = analysesOf(run.experiment().method.kind).filter((name) => names.length === 0 || names.includes(name));
  try {
    await runAnalyses(run, own, {
      folder,
      limit: undefined,
      again: false,
      signal,
      progress: () => {
        /* progress is in the journal */
      },
    });
    return 0;
  } catch (error) {
    if (signal.aborted || error instanceof AnalysisStopped) return 130;
    throw error;
  }
}
