import assert from "node:assert/strict";
import { test } from "node:test";
import { readJournal } from "../../../src/run/journal/readJournal.ts";
import { madeSteps } from "../madeSteps.ts";
import { SlurmWorkspace, slowSteps, unbroken } from "../slurmWorkspace.ts";
import { startCluster } from "../testCluster.ts";
import { until } from "../until.ts";

test("a node loses its power: its runs go on elsewhere with the same bytes, and the others are untouched", async (t) => {
  const cluster = startCluster(t, "--nodes", "3", "--cpus", "1");
  if (cluster === undefined) return;
  const steps = 120;
  const experiment = {
    seeds: [0, 1],
    training: { steps, evaluateEvery: steps, checkpointEvery: 40 },
    executor: { kind: "slurm", cpus: 1, time: "30", setup: slowSteps(200) },
  };
  const far = new SlurmWorkspace(t, cluster.env, experiment);
  const { answer } = far.start(["train", "words.adept.json"]);
  await until(() => far.hasRuns(), "the runs are made");
  await far.untilStep(0, { restart: 0, after: 45 });
  const { node } = far.records()[0]!.place!;
  cluster.node(node, "kill");
  const near = unbroken(t, cluster.env, experiment);
  const { status, told } = await answer;
  assert.equal(status, 0, told);
  const records = far.records();
  assert.deepEqual(
    records.map((record) => [record.status, record.place?.restart, record.place?.node === node]),
    [
      ["finished", 1, false],
      ["finished", 0, false],
    ],
  );
  assert.deepEqual(
    far.adapters().map((bytes, i) => bytes.equals(near[i]!)),
    [true, true],
  );
  // The steps after the last checkpoint are made again, once, in order.
  const made = madeSteps(readJournal(far.runs()[0]!.path).events);
  assert.equal(made.filter((step, i) => i > 0 && step <= made[i - 1]!).length, 1);
  assert.deepEqual(
    madeSteps(readJournal(far.runs()[1]!.path).events),
    Array.from({ length: steps }, (_, i) => i + 1),
  );
});
