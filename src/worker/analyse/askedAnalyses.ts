import { analysesOf } from "../../experiment/analysesOf.ts";
import { UserError } from "../../base/errors.ts";
import { postEvents } from "../../run/journal/sharedJournal.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { phrase, said } from "../../base/phrase.ts";
import { AnalysisStopped, runAnalyses } from "./analysisJob.ts";

/**
 * Runs the analyses that a run's experiment asks for and its method supports. One that fails is a warning, since the
 * run itself is good.
 * @returns the files to commit with the result
 */
export async function askedAnalyses(
  run: RunDirectory,
  { requested }: { requested: () => boolean },
): Promise<{ path: string; source: string }[]> {
  const { analyses, method } = run.experiment();
  const own = analysesOf(method.kind);
  const stop = new AbortController();
  const files: { path: string; source: string }[] = [];
  const progress = (): void => {
    if (requested()) stop.abort();
  };
  for (const name of own.filter((each) => analyses.includes(each))) {
    try {
      progress();
      for (const { path } of await runAnalyses(run, [name], {
        folder: undefined,
        limit: undefined,
        again: false,
        signal: stop.signal,
        progress,
      }))
        files.push({ path: `analysis/${name}.json`, source: path });
    } catch (error) {
      if (stop.signal.aborted || error instanceof AnalysisStopped) break;
      if (!(error instanceof UserError)) throw error;
      postEvents(run.path, {
        type: "warning",
        ...said(phrase`The analysis "${name}" was left out: ${error.phrase}`),
      });
    }
  }
  return files;
}
