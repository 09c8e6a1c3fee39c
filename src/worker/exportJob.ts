import { cpSync, existsSync } from "node:fs";
import { resolve } from "node:path";
import { UserError } from "../base/errors.ts";
import { phrase } from "../base/phrase.ts";
import { loadAdapter } from "../adapter/adapterFolder.ts";
import { writeFoldedFolder } from "../adapter/foldedFolder.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";
import { locatedExperiment } from "../run/inputs/inputPlaces.ts";
import { backboneFolder } from "../backbone/backboneFolder.ts";
import { backboneLayout } from "../training/prepare.ts";
import { writeFolderAtomic } from "../base/files/atomicFolder.ts";

/** The result of an export. */
export interface Exported {
  run: string;
  folder: string;
  method: string;
  folded: boolean;
  /** Names of the tensors that a folded folder has beside its weights. */
  input: string[];
  /** The file or the folder in it that holds them. */
  place?: string | undefined;
}

/**
 * Writes a run's adapter, or its backbone with the adapter folded in, to a folder.
 * @throws UserError where there is no adapter yet, the folder is taken, or the method cannot be folded
 */
export function exportTo(
  run: RunDirectory,
  { out, folded, force }: { out: string; folded: boolean; force: boolean },
): Exported {
  const backbone = backboneFolder(locatedExperiment(run).backbone);
  if (!existsSync(run.adapterPath))
    throw new UserError(
      "run-without-adapter",
      phrase`Run ${run.id} has no adapter yet: it is ${run.record().status}`,
      phrase`Let it finish, or stop it: a stopped run keeps its best so far.`,
    );
  const adapter = loadAdapter(run.adapterPath, backboneLayout(backbone));
  let beside: Pick<Exported, "input" | "place"> = { input: [] };
  writeFolderAtomic(out, force, (folder) => {
    if (folded) beside = writeFoldedFolder(folder, adapter, backbone);
    else cpSync(run.adapterPath, folder, { recursive: true });
  });
  return { run: run.id, folder: resolve(out), method: adapter.spec.kind, folded, ...beside };
}
