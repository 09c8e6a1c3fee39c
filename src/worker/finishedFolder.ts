import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UserError } from "../experiment/errors.ts";

/**
 * Fills a new folder: it is there whole, or not at all.
 * @param force a folder that is there already is replaced; without it that is an error
 */
export function finishedFolder(target: string, force: boolean, fill: (folder: string) => void): void {
  const path = resolve(target), taken = existsSync(path) && readdirSync(path).length > 0;
  if (taken && !force) throw new UserError(`${path} is there already`, "Choose another folder with --out, or add --force to replace it.");
  mkdirSync(dirname(path), { recursive: true });
  const temporary = mkdtempSync(join(dirname(path), ".adept-new-"));
  try {
    fill(temporary);
    if (existsSync(path)) rmSync(path, { recursive: true });
    renameSync(temporary, path);
  } finally { rmSync(temporary, { recursive: true, force: true }); }
}
