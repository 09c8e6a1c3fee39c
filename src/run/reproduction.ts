import { UserError } from "../experiment/errors.ts";
import type { GitStore } from "./gitStore.ts";
import { openWorkTree } from "./gitWorkTree.ts";
import type { RunDirectory } from "./runDirectory.ts";
import { outsideOf } from "./sources.ts";

/**
 * Lays out the files of the commit that a run repeats, anew where they are there already.
 * @returns paths that the commit lacks (large, ignored, elsewhere): they are taken as they are now @throws UserError naming those that are nowhere
 */
export async function layOut(store: GitStore, run: RunDirectory, commit: string): Promise<string[]> {
  await openWorkTree(store, run.path, commit);
  const { outside, missing } = outsideOf(run);
  if (missing.length > 0) throw new UserError(`Neither its commit nor this disk has ${missing.join(", ")}`, "Put it where the run had it, then try again.");
  return outside;
}
