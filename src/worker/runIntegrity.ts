import { existsSync } from "node:fs";
import { join } from "node:path";
import { readHeader } from "../backbone/files/safetensors.ts";
import { UserError } from "../base/errors.ts";
import { english } from "../base/phrase.ts";
import { newerPhrase } from "../base/newerVersion.ts";
import { isLive } from "../record/record.ts";
import type { GitStore } from "../run/git/gitStore.ts";
import { missingSteps, readJournal } from "../run/journal/readJournal.ts";
import type { RunDirectory } from "../run/directory/runDirectory.ts";
import { checkpointDamage, newerCheckpoint } from "../training/checkpoint.ts";

/** Something of a run that is damaged or missing, and what the user can do. */
export interface RunTrouble {
  what: string;
  action: string;
}

/**
 * Checks that everything of a run is whole: its experiment, each line of its journal, checkpoint, adapter and commits.
 * Nothing is changed.
 */
export async function runTroubles(run: RunDirectory, store: GitStore | undefined): Promise<RunTrouble[]> {
  const record = run.record();
  const damage = record.newer === undefined ? run.experimentError() : undefined;
  const troubles: RunTrouble[] = damage === undefined ? [] : [{ what: damage.message, action: damage.action ?? "" }];
  const add = (what: string, action: string): void => {
    troubles.push({ what, action });
  };
  const { bad, events } = readJournal(run.path);
  const missing = missingSteps(events, record.lastStep?.step ?? 0);
  if (record.newer !== undefined)
    add(english(newerPhrase(record.newer)), "Update ADePT Lab: this one only reads the run.");
  if (bad > 0) add(`${bad} lines of its journal are torn or damaged`, "They are left out; the others stand.");
  if (missing > 0)
    add(`its journal lacks ${missing} steps`, "Its curve has a gap; what was learnt is in the checkpoint.");
  if (record.id === "" && record.newer === undefined)
    add("its journal does not say what it is", "Resume the run: it says so again.");
  const checkpoint = checkpointDamage(run.checkpointPath);
  const newer = newerCheckpoint(run.checkpointPath);
  if (newer !== undefined)
    add(
      `its checkpoint was written by a newer ADePT Lab (checkpoint version ${newer})`,
      "Update ADePT Lab to go on from it.",
    );
  if (checkpoint !== undefined)
    add(
      `its checkpoint is damaged: ${checkpoint}`,
      "Resume the run: the damaged file is kept, and the run begins anew.",
    );
  if (isLive(record.status) && record.newer === undefined && !run.isWorkerAlive())
    add("its worker is gone", "Resume the run.");
  const adapter = record.status === "finished" ? adapterTrouble(run) : undefined;
  if (adapter !== undefined)
    add(`its adapter is damaged: ${adapter}`, "Take it from the run's commit (adept-results/), or resume the run.");
  for (const commit of [record.snapshotCommit, record.resultCommit])
    if (
      store !== undefined &&
      commit !== undefined &&
      (await store.git.lineOrUndefined(["cat-file", "-e", "--end-of-options", commit])) === undefined
    )
      add(`the repository lacks its commit ${commit}`, "Fetch it from where it was pushed: adept runs fetch.");
  return troubles;
}

function adapterTrouble(run: RunDirectory): string | undefined {
  const missing = ["adapter_config.json", "adapter_model.safetensors"].find(
    (name) => !existsSync(join(run.adapterPath, name)),
  );
  if (missing !== undefined) return `${missing} is missing`;
  try {
    readHeader(join(run.adapterPath, "adapter_model.safetensors"));
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message;
  }
}
