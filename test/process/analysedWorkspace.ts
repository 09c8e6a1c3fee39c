import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { removeWorkspace } from "./removeWorkspace.ts";

export const CLI = join(import.meta.dirname, "../../dist/cli.js");
export const adept = (folder: string, ...args: string[]): string =>
  execFileSync(process.execPath, [CLI, ...args], { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
export const git = (folder: string, ...args: string[]): string =>
  execFileSync("git", args, { cwd: folder, encoding: "utf8" });

/** A folder with a git repository, data, and one trained run of a method. */
export function workspace(t: TestContext, method: object): string {
  const folder = mkdtempSync(join(tmpdir(), "adept-analyse-"));
  t.after(async () => {
    await removeWorkspace(folder);
  });
  const words = ["river", "stone", "light", "paper", "green", "seven"];
  writeFileSync(
    join(folder, "data.jsonl"),
    Array.from({ length: 120 }, (_, i) =>
      JSON.stringify({ text: `${words[i % 6]} ${words[(i * 5 + 1) % 6]} ${i % 7}`, label: i % 2 === 0 ? "yes" : "no" }),
    ).join("\n"),
  );
  writeFileSync(
    join(folder, "w.adept.json"),
    JSON.stringify({
      name: "words",
      task: {
        kind: "file",
        train: "data.jsonl",
        source: "{text}",
        target: "{label}",
        split: { validation: 0.1, test: 0.3, seed: 1 },
      },
      method,
      training: {
        steps: 30,
        batchSize: 8,
        maxTargetLength: 3,
        warmup: 3,
        prediction: "labels",
        learningRate: { prompt: 0.3 },
      },
      engine: { threads: 1 },
    }),
  );
  git(folder, "init", "-q");
  git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "start");
  adept(folder, "train", "w.adept.json");
  return folder;
}
/** The folder of its run. */
export const runPath = (folder: string): string =>
  join(folder, ".adept/runs", readdirSync(join(folder, ".adept/runs"))[0]!);
