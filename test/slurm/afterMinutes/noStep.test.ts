import assert from "node:assert/strict";
import { test } from "node:test";
import { madeJobs } from "../madeJobs.ts";
import { SlurmWorkspace } from "../slurmWorkspace.ts";
import { startCluster } from "../testCluster.ts";

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
  assert.equal(madeJobs(cluster).length, 2);
});
