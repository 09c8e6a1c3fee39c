import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

/**
 * The commands that the extension needs (git) and that VS Code's own server needs (a shell, ripgrep for its search).
 */
const COMMANDS = ["git", "rg", "sh"] as const;

/**
 * Makes a folder with links to these commands and nothing else. As a PATH it stands for a machine without Node, Python
 * or anything else.
 */
export function makeBarePath(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const name of COMMANDS)
    symlinkSync(execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim(), join(folder, name));
  return folder;
}

/** Returns whether a command is found on a PATH. */
export function isOnPath(name: string, path: string): boolean {
  try {
    execFileSync("/bin/sh", ["-c", `command -v ${name}`], { env: { PATH: path }, stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
