import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import { GitStore, openGitStore } from "../../../src/run/git/gitStore.ts";
import { announceRun, Journal } from "../../../src/run/journal/journal.ts";
import { RunDirectory } from "../../../src/run/directory/runDirectory.ts";

export const ID = "20260314-101522-k3f9";
export const record = { ...foldEvents([]), id: ID, name: "a run" };
export const env = {
  PATH: process.env["PATH"],
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "a",
  GIT_AUTHOR_EMAIL: "a@b",
  GIT_COMMITTER_NAME: "a",
  GIT_COMMITTER_EMAIL: "a@b",
};
export const git = (folder: string, ...args: string[]): string =>
  execFileSync("git", args, { cwd: folder, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

export interface Repository {
  folder: string;
  store: GitStore;
  write: (path: string, text: string) => void;
  read: (path: string) => string | undefined;
  state: () => object;
}

/** A test in a repository of its own with two committed files, and with hooks that must not run. */
export function inRepository(name: string, work: (repository: Repository) => Promise<void>): void {
  test(name, async () => {
    const root = mkdtempSync(join(tmpdir(), "adept git "));
    const folder = join(root, "répo");
    mkdirSync(join(folder, "sub dir"), { recursive: true });
    git(folder, "init", "-q", "--initial-branch=main");
    const write = (path: string, text: string): void => {
      writeFileSync(join(folder, path), text);
    };
    const read = (path: string): string | undefined =>
      existsSync(join(folder, path)) ? readFileSync(join(folder, path), "utf8") : undefined;
    write("a.py", "one\n");
    write("sub dir/-ü:.txt", "two\n");
    write(".gitignore", "*.log\n");
    git(folder, "add", "-A");
    git(folder, "commit", "-qm", "base");
    // Hooks that leave a trace if they run.
    for (const hook of ["post-checkout", "pre-commit", "post-commit"])
      writeFileSync(join(folder, ".git/hooks", hook), `#!/bin/sh\necho ${hook} >> "${root}/hooks"\nexit 1\n`, {
        mode: 0o755,
      });
    const index = join(folder, ".git/index");
    const state = (): object => ({
      index: createHash("sha256").update(readFileSync(index)).digest("hex"),
      time: statSync(index).mtimeMs,
      head: readFileSync(join(folder, ".git/HEAD"), "utf8"),
      heads: git(folder, "for-each-ref", "refs/heads"),
    });
    const opened = await openGitStore(folder);
    assert.ok(opened instanceof GitStore);
    try {
      await work({ folder, store: opened, write, read, state });
      assert.equal(existsSync(join(root, "hooks")), false, "no hook has run");
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
}

export const experiment = ResolvedExperiment.parse({
  name: "shared",
  task: { kind: "mail" },
  method: { kind: "adept" },
});
/** Creates a finished run with an adapter, with its folder and ref. */
export async function committedRun(store: GitStore, runsDir: string, id: string): Promise<RunDirectory> {
  const run = RunDirectory.create(runsDir, id, experiment);
  const journal = new Journal(run.path);
  announceRun(id, experiment, journal);
  journal.append({
    type: "step",
    step: 3,
    loss: 0.5,
    learningRate: {},
    gradientNorm: {},
    updateRatio: {},
    tokensPerSecond: 1,
    secondsLeft: 0,
  });
  journal.append({ type: "evaluation", step: 3, split: "test", loss: 0.4, metrics: { accuracy: 0.875 }, examples: 8 });
  mkdirSync(run.adapterPath);
  writeFileSync(join(run.adapterPath, "adapter_model.safetensors"), Buffer.from([0, 255, 13, 10, 128, 0, 13, 10]));
  await store.snapshot(id, run.record());
  await store.result(id, { ...run.record(), status: "finished" }, [
    { path: "experiment.json", source: join(run.path, "experiment.json") },
    { path: "events.jsonl", source: run.eventsPath },
    { path: "adapter/adapter_model.safetensors", source: join(run.adapterPath, "adapter_model.safetensors") },
  ]);
  journal.append({ type: "status", status: "finished" });
  journal.close();
  return run;
}
