import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

/**
 * What the extension asks a machine for (git), and what VS Code's own server does (a shell, ripgrep for its search).
 */
const COMMANDS = ["git", "rg", "sh"] as const;

/**
 * Makes a folder with links to these commands and nothing else: as a PATH, a machine without Node, Python or anything
 * more.
 */
export function makeBarePath(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const name of COMMANDS)
    symlinkSync(execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim(), join(folder, name));
  return folder;
}

/** Whether a command is found on a PATH. */
export function isOnPath(name: string, path: string): boolean {
  try {
    execFileSync("/bin/sh", ["-c", `command -v ${name}`], { env: { PATH: path }, stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
