import { statSync } from "node:fs";
import type { NewRunEvent } from "../experiment/events.ts";
import { pathsOf } from "../experiment/experimentPaths.ts";
import { contentOf } from "../run/contentStore.ts";
import type { GitStore } from "../run/gitStore.ts";
import { looksSecret } from "../run/gitSnapshot.ts";
import type { RunDirectory } from "../run/runDirectory.ts";
import { ownSource } from "../run/sources.ts";

/** A file above this (bytes) is told by what it holds, and not kept. */
const MOST_KEPT = 256 * 1024 * 1024;

/** Says once what files of the experiment hold that its commit will lack (ignored, large, elsewhere), and keeps those in the repository's folder by it: a run that repeats this one has them though they have changed. */
export async function keepContents(run: RunDirectory, store: GitStore, emit: (event: NewRunEvent) => void): Promise<void> {
  const { sources, contents } = run.record(), files: Record<string, Awaited<ReturnType<typeof contentOf>>> = {};
  if (Object.keys(contents).length > 0) return;
  for (const path of pathsOf(run.experiment())) {
    const entry = statSync(path, { throwIfNoEntry: false }), own = ownSource(sources, path);
    if (entry?.isFile() !== true || (own !== undefined && await store.git.maybe(["ls-files", "--error-unmatch", "--", `:(top,literal)${own}`]) !== undefined)) continue;
    const isKept = own !== undefined && entry.size <= MOST_KEPT && !looksSecret(path) && store.large.hasRoomFor(entry.size);
    files[path] = isKept ? await store.large.keep(path) : await contentOf(path);
  }
  if (Object.keys(files).length > 0) emit({ type: "contents", files });
}
