import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { AnalysisName } from "../../src/experiment/analysisNames.ts";
import { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { runAnalyses } from "../../src/worker/analyse/analysisJob.ts";
import { git, runPath, workspace } from "./analysedWorkspace.ts";

test("an analysis that was finished is committed where another is stopped, and by the next call where a process was killed", async (t) => {
  const folder = workspace(t, { kind: "pt", promptLength: 3 });
  const run = RunDirectory.open(runPath(folder));
  const ref = `refs/adept/runs/${run.id}`;
  const committed = (): string[] =>
    git(folder, "ls-tree", "-r", "--name-only", ref)
      .split("\n")
      .filter((path) => /analysis\/[a-z-]+\.json$/.test(path))
      .map((path) => path.split("/").at(-1)!);
  const start = (names: AnalysisName[], how: { folder?: string; until?: () => boolean }): Promise<unknown> => {
    const stop = new AbortController();
    return runAnalyses(run, names, {
      folder: how.folder,
      limit: 8,
      again: false,
      signal: stop.signal,
      progress: () => {
        if (how.until?.() === true) stop.abort();
      },
    });
  };
  const isShifted = (): boolean => existsSync(join(run.path, "analysis/position-shift.json"));
  await assert.rejects(start(["position-shift", "ablation"], { folder, until: isShifted }));
  assert.deepEqual(committed(), ["position-shift.json"]);
  // As a killed process leaves it: in the run's folder, and in no commit.
  await start(["ablation"], {});
  assert.deepEqual(committed(), ["position-shift.json"]);
  await start(["position-shift"], { folder });
  assert.deepEqual(committed(), ["ablation.json", "position-shift.json"]);
  assert.equal(run.record().resultCommit, git(folder, "rev-parse", ref).trim());
  const before = git(folder, "rev-parse", ref);
  await start(["position-shift", "ablation"], { folder });
  assert.equal(git(folder, "rev-parse", ref), before, "what the commit has is not committed again");
});
