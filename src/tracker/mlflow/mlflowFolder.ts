import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { boundedText } from "../../base/files/boundedFile.ts";
import { writeFolderAtomic } from "../../base/files/atomicFolder.ts";
import { UserError } from "../../base/errors.ts";
import { phrase } from "../../base/phrase.ts";
import { exporting, writeExport } from "../outputFile.ts";
import { digest, mlflowRun, type MlflowRun, type MlflowStatus } from "./mlflowRun.ts";
import { yamlDocument, yamlText } from "./yamlText.ts";
import type { Point, TrackedRun } from "../trackedRun.ts";

/** Numbers of MLflow's states of a run. */
const STATUS: Record<MlflowStatus, number> = { RUNNING: 1, SCHEDULED: 2, FINISHED: 3, FAILED: 4, KILLED: 5 };
const META = "meta.yaml";
/** The folder of what was deleted. */
const TRASH = ".trash";
/** The largest accepted meta.yaml, in bytes. */
const MOST_BYTES = 1_000_000;

const folderUri = (path: string): string => pathToFileURL(resolve(path)).href;

/** Whether a folder is the experiment of a name, as MLflow or an earlier export has written it. */
function isExperiment(folder: string, name: string): boolean {
  const meta = join(folder, META);
  if (!existsSync(meta)) return false;
  const [, written = ""] = /^name: (.*)$/m.exec(boundedText(meta, MOST_BYTES)) ?? [];
  return [name, yamlText(name), `'${name.replaceAll("'", "''")}'`].includes(written.trim());
}

const foldersIn = (folder: string): string[] =>
  existsSync(folder)
    ? exporting(folder, () => readdirSync(folder, { withFileTypes: true })).flatMap((each) =>
        each.isDirectory() ? [each.name] : [],
      )
    : [];

/** The folder of an experiment, which is made where there is none of its name. */
function experimentFolder(store: string, name: string): string {
  const found = foldersIn(store).find((id) => id !== TRASH && isExperiment(join(store, id), name));
  if (found !== undefined) return join(store, found);
  if (foldersIn(join(store, TRASH)).some((id) => isExperiment(join(store, TRASH, id), name)))
    throw new UserError(
      "mlflow-experiment-deleted",
      phrase`The experiment ${name} was deleted in MLflow's folder ${store}`,
      phrase`Restore it there (mlflow experiments restore), empty the folder's .trash, or name another folder.`,
    );
  // Eighteen digits, as MLflow gives them; of the name, so that every export has the same.
  const id = String(10n ** 17n + (BigInt(`0x${digest(name, 14)}`) % (9n * 10n ** 17n)));
  const folder = join(store, id);
  const now = Date.now();
  const meta = {
    artifact_location: folderUri(folder),
    creation_time: now,
    experiment_id: id,
    last_update_time: now,
    lifecycle_stage: "active",
    name,
  };
  writeExport(join(folder, META), yamlDocument(meta));
  return folder;
}

/** A number as Python reads it. */
function pythonNumber(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0.0" : String(value);
}

const metricLines = (points: readonly Point[]): string =>
  points.map(({ time, value, step }) => `${Math.round(time)} ${pythonNumber(value)} ${step}\n`).join("");

function writeFiles(folder: string, files: ReadonlyMap<string, string>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of files) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/** What people and MLflow have added to a run since its last export. */
function keepAdded(before: string, folder: string): void {
  if (!existsSync(before)) return;
  for (const name of readdirSync(before))
    if (![META, "params", "metrics"].includes(name))
      cpSync(join(before, name), join(folder, name), { recursive: true });
  const tags = join(folder, "tags");
  for (const name of existsSync(tags) ? readdirSync(tags) : [])
    if (name.startsWith("adept.")) rmSync(join(tags, name), { recursive: true });
}

function writeRun(folder: string, run: MlflowRun, meta: string): void {
  writeFiles(join(folder, "params"), run.parameters);
  writeFiles(join(folder, "metrics"), new Map([...run.metrics].map(([name, points]) => [name, metricLines(points)])));
  writeFiles(join(folder, "tags"), run.tags);
  mkdirSync(join(folder, "artifacts"), { recursive: true });
  writeFileSync(join(folder, META), meta);
}

/**
 * Writes a run to MLflow's folder of files, or replaces it there; tags of others and artifacts stay.
 * @returns the run's folder
 * @throws UserError where the folder cannot be written, or the experiment was deleted in it
 */
export function exportToMlflowFolder(tracked: TrackedRun, store: string): string {
  const run = mlflowRun(tracked);
  const experiment = experimentFolder(store, run.experiment);
  const id = digest(`adept-lab/${tracked.id}`, 32);
  const folder = join(experiment, id);
  const meta = yamlDocument({
    artifact_uri: `${folderUri(folder)}/artifacts`,
    end_time: run.endedAt ?? null,
    entry_point_name: "",
    experiment_id: basename(experiment),
    lifecycle_stage: "active",
    run_id: id,
    run_name: run.name,
    source_name: "",
    source_type: 4,
    source_version: "",
    start_time: run.startedAt,
    status: STATUS[run.status],
    tags: [],
    user_id: "adept",
  });
  exporting(folder, () => {
    writeFolderAtomic(folder, true, (fresh) => {
      keepAdded(folder, fresh);
      writeRun(fresh, run, meta);
    });
  });
  return folder;
}
