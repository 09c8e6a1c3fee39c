import { createHash } from "node:crypto";
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { explainWrite, makeFolder } from "../../base/files/atomicFile.ts";
import { slurmFolder } from "./slurmPlaces.ts";

/** What jobs run on: bundles, packed data, PyTorch's side; not the maps of a build for development. */
const WANTED = /\.(js|gz|py)$|^slurm\.cjs$/;
const DIGITS = 12;

/** The name of a version: by the bytes of its bundles, so that two builds of one version differ too. */
function versionOf(dist: string, files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files) hash.update(file).update(readFileSync(join(dist, file)));
  return hash.digest("hex").slice(0, DIGITS);
}

/** Where a checkout has its packages; a package of ours has them in dist/ itself. */
function packagesOf(workerPath: string): string {
  const found = createRequire(workerPath).resolve("onnxruntime-node/package.json");
  return dirname(dirname(found));
}

function copy(workerPath: string, files: readonly string[], target: string): void {
  const dist = dirname(workerPath);
  makeFolder(join(target, "dist"));
  for (const file of files) cpSync(join(dist, file), join(target, "dist", file));
  // The bundles are ES modules, which the package.json above them says.
  writeFileSync(join(target, "package.json"), '{ "type": "module" }\n');
  const own = join(dist, "node_modules");
  if (existsSync(own)) cpSync(own, join(target, "dist", "node_modules"), { recursive: true, dereference: true });
  else symlinkSync(packagesOf(workerPath), join(target, "node_modules"));
  const models = join(dirname(dist), "models");
  if (existsSync(models)) cpSync(models, join(target, "models"), { recursive: true });
}

/**
 * Copies what jobs run on beside the runs, once for each version: an update of the extension while jobs wait changes
 * nothing for them.
 * @returns the worker's bundle in the copy
 * @throws UserError when the folder cannot be written
 */
export function keptRuntime(runsDir: string, workerPath: string): string {
  const dist = dirname(workerPath);
  const files = readdirSync(dist)
    .filter((name) => WANTED.test(name))
    .sort();
  const folder = join(slurmFolder(runsDir), "runtime");
  const place = join(folder, versionOf(dist, files));
  const worker = join(place, "dist", basename(workerPath));
  if (existsSync(place)) return worker;
  const temporary = `${place}.${process.pid}.tmp`;
  try {
    makeFolder(folder);
    copy(workerPath, files, temporary);
    renameSync(temporary, place);
  } catch (error) {
    // Another process may have been faster: its copy is the same.
    if (!existsSync(place)) throw explainWrite(error, place);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return worker;
}
