import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { test } from "node:test";
import { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { AnalysisStopped, runAnalyses, type AnalysisOptions } from "../../src/worker/analyse/analysisJob.ts";
import { GgufWorkspace } from "./ggufWorkspace.ts";
import { removeWorkspace } from "./removeWorkspace.ts";

test("an analysis of a run whose copy of the weights is gone tells how far a new one is, and a stop ends it", async (t) => {
  const place = new GgufWorkspace();
  t.after(() => removeWorkspace(place.folder));
  place.done("train", "words.adept.json", "--no-git");
  process.env["ADEPT_CACHE"] = place.cache;
  const run = RunDirectory.open(place.run);
  const analysed = async (copying: AnalysisOptions["copying"]): Promise<number> => {
    const { signal } = new AbortController();
    const options = { folder: undefined, limit: 4, again: true, signal, progress: () => undefined, copying };
    return (await runAnalyses(run, ["ablation"], options)).length;
  };

  rmSync(place.cache, { recursive: true });
  let pieces = 0;
  await assert.rejects(
    analysed(() => {
      pieces++;
      run.requestAnalysisStop();
    }),
    AnalysisStopped,
  );
  assert.equal(pieces, 1, "nothing is copied after the stop");
  assert.deepEqual(
    readdirSync(place.weights).filter((name) => /tmp$|safetensors$/.test(name)),
    [],
    "neither a copy nor half of one",
  );
  assert.equal(run.analysisStopRequested(), false);

  const told: string[] = [];
  assert.equal(await analysed((progress) => void told.push("doing" in progress ? progress.doing : "")), 1);
  assert.deepEqual([...new Set(told)], ["hashing", "copying"]);
  told.length = 0;
  assert.equal(await analysed(() => void told.push("again")), 1);
  assert.deepEqual(told, []);
});
