import { join } from "node:path";
import { UserError } from "../experiment/errors.ts";
import type { GitStore } from "./gitStore.ts";
import { openWorkTree } from "./gitWorkTree.ts";
import type { RunDirectory } from "./runDirectory.ts";
import { outsideOf, ownSource } from "./sources.ts";
import { standing } from "./standing.ts";

/**
 * Lays out the files of the commit that a run repeats, anew where they are there already, and those that were kept besides.
 * @returns paths that neither has (elsewhere, very large): they are taken as they are now @throws UserError naming those that are nowhere
 */
export async function layOut(store: GitStore, run: RunDirectory, commit: string): Promise<string[]> {
  const tree = await openWorkTree(store, run.path, commit), { sources, contents } = run.record();
  for (const [path, content] of Object.entries(contents)) {
    const own = ownSource(sources, path);
    // Never through a link of the commit's, which may lead out of the tree.
    if (own !== undefined && standing(tree, own).there === undefined) await store.large.bringBack(content, join(tree, own));
  }
  const { outside, missing } = await outsideOf(run);
  if (missing.length > 0) throw new UserError(`Neither its commit nor this disk has ${missing.join(", ")}`, "Put it where the run had it, then try again.");
  return outside;
}
