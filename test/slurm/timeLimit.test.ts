import assert from "node:assert/strict";
import { test } from "node:test";
import { SlurmWorkspace, stepsIn, unbroken } from "./slurmWorkspace.ts";
import { startCluster } from "./testCluster.ts";

test("a run of several time limits is requeued by its own job, and has the bytes of an unbroken one", async (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "2");
  if (cluster === undefined) return;
  // Slurm looks twice a minute: of each minute 10 to 40 s remain.
  const steps = stepsIn(40, t);
  const experiment = {
    training: { steps, evaluateEvery: steps, checkpointEvery: steps },
    executor: { kind: "slurm", cpus: 1, time: "1", signal: "USR1@50" },
  };
  const far = new SlurmWorkspace(t, cluster.env, experiment);
  const { answer } = far.start(["train", "words.adept.json"]);
  const near = unbroken(t, cluster.env, experiment);
  const { status, told } = await answer;
  assert.equal(status, 0, told);
  const [record] = far.records();
  assert.equal(record?.status, "finished");
  // Each start of the one job by itself: nobody had to submit it again.
  assert.equal(record.interruptions, 0);
  assert.ok((record.place?.restart ?? 0) >= 1, `${record.place?.restart} restarts`);
  assert.equal(cluster.run("squeue", "--me", "-h", "-t", "all", "-o", "%i").split("\n").length, 1);
  assert.ok(far.adapters()[0]!.equals(near[0]!));
  console.log(`# ${record.place?.restart} restarts`);
});

test("a run that makes no step within its time is submitted once more, and fails with what helps", (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "2");
  if (cluster === undefined) return;
  const workspace = new SlurmWorkspace(t, cluster.env, {
    executor: { kind: "slurm", cpus: 1, time: "1", setup: ["sleep 200"] },
  });
  const { status, told } = workspace.adept(["train", "words.adept.json"]);
  assert.equal(status, 1, told);
  const [record] = workspace.records();
  assert.equal(record?.status, "failed");
  assert.match(record.message ?? "", /time limit for the second time.*executor\.time/s);
  assert.equal(cluster.run("squeue", "--me", "-h", "-t", "all", "-o", "%i").split("\n").length, 2);
});
