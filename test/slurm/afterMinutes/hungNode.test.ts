import assert from "node:assert/strict";
import { test } from "node:test";
import { readJournal } from "../../../src/run/journal/readJournal.ts";
import { madeSteps } from "../madeSteps.ts";
import { SlurmWorkspace, slowSteps, unbroken } from "../slurmWorkspace.ts";
import { startCluster } from "../testCluster.ts";
import { until } from "../until.ts";

test("a node hangs and comes back while its run goes on elsewhere: one writes, and the bytes are those of an unbroken run", async (t) => {
  const cluster = startCluster(t, "--nodes", "2", "--cpus", "1");
  if (cluster === undefined) return;
  const steps = 200;
  const experiment = {
    training: { steps, evaluateEvery: steps, checkpointEvery: 40 },
    executor: { kind: "slurm", cpus: 1, time: "30", setup: slowSteps(200) },
  };
  const far = new SlurmWorkspace(t, cluster.env, experiment);
  const { answer } = far.start(["train", "words.adept.json"]);
  await until(() => far.hasRuns(), "the run is made");
  await far.untilStep(0, { restart: 0, after: 45 });
  const { node } = far.records()[0]!.place!;
  cluster.node(node, "freeze");
  const near = unbroken(t, cluster.env, experiment);
  // The old worker comes back in the middle of the new one's training.
  await far.untilStep(0, { restart: 1 });
  cluster.node(node, "thaw");
  const { status, told } = await answer;
  assert.equal(status, 0, told);
  const [run] = far.runs();
  const { events } = readJournal(run!.path);
  const second = events.findIndex((event) => event.type === "status" && event.start === 2);
  assert.ok(events.slice(second).every((event) => event.type !== "status" || event.start === 2));
  const made = madeSteps(events);
  assert.equal(made.filter((step, i) => i > 0 && step <= made[i - 1]!).length, 1);
  assert.ok(far.adapters()[0]!.equals(near[0]!));
});
