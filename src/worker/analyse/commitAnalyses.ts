import { existsSync } from "node:fs";
import { phraseOf } from "../../base/errors.ts";
import { said } from "../../base/phrase.ts";
import { ANALYSIS_NAMES } from "../../experiment/analysisNames.ts";
import type { RunDirectory } from "../../run/directory/runDirectory.ts";
import { analysisPath } from "../../run/directory/storedAnalysis.ts";
import { pointedAt, resultFolders } from "../../run/git/gitResults.ts";
import { openGitStore, type GitStore } from "../../run/git/gitStore.ts";
import type { SharedJournal } from "../../run/journal/sharedJournal.ts";

const inRun = (name: string): string => `analysis/${name}.json`;

/** The stored analyses that differ from those of a run's commit, or are not in it. */
async function changed(store: GitStore, run: RunDirectory, commit: string): Promise<string[]> {
  const stored = ANALYSIS_NAMES.filter((name) => existsSync(analysisPath(run.path, name)));
  if (stored.length === 0) return [];
  const folders = resultFolders(run.id);
  const entries = await store.entries(commit, ...folders.map((folder) => `${folder}analysis/`));
  const known = new Map<string, string>();
  for (const folder of folders)
    for (const { path, object } of entries) if (path.startsWith(folder)) known.set(path.slice(folder.length), object);
  const sources = stored.map((name) => analysisPath(run.path, name));
  const lines = await store.git.line(["hash-object", "--no-filters", "--end-of-options", ...sources]);
  const hashes = lines.split("\n");
  // The pointer of a large file has another hash than the file.
  const isPointed = (name: string): boolean => [...known.keys()].some((path) => pointedAt(path) === inRun(name));
  return stored.filter((name, i) => known.get(inRun(name)) !== hashes[i] && !isPointed(name));
}

/**
 * Commits the analyses of a run that its commit lacks: those that were made now, and what an earlier process had made
 * and could not commit, since it was killed. A failure is reported in the journal.
 * @param made the names of those that were made now
 */
export async function commitAnalyses(
  run: RunDirectory,
  journal: SharedJournal,
  { folder, made }: { folder: string; made: readonly string[] },
): Promise<void> {
  if (!run.experiment().git) return;
  try {
    const store = await openGitStore(folder);
    if ("reason" in store) return;
    const commit = await store.commitOf(run.id);
    const names = new Set([...made, ...(commit === undefined ? [] : await changed(store, run, commit))]);
    if (names.size === 0) return;
    const done = await store.result(
      run.id,
      run.record(),
      [...names].map((name) => ({ path: inRun(name), source: analysisPath(run.path, name) })),
    );
    journal.append({
      type: "git",
      kind: "result",
      commit: done.commit,
      ref: done.ref,
      ...(done.note !== undefined && said(done.note)),
    });
  } catch (error) {
    journal.append({ type: "git", kind: "skipped", ...said(phraseOf(error)) });
  }
}
