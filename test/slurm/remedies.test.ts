import assert from "node:assert/strict";
import { test } from "node:test";
import { SlurmWorkspace } from "./slurmWorkspace.ts";
import { sharedCluster } from "./testCluster.ts";
import { until } from "./until.ts";

const clusterOf = sharedCluster("--nodes", "1", "--cpus", "2", "--memory", "6000");

test("a time above the partition's is accepted and never starts: it is told, with what helps", async (t) => {
  const cluster = clusterOf(t);
  if (cluster === undefined) return;
  const workspace = new SlurmWorkspace(t, cluster.env, { executor: { kind: "slurm", partition: "short", time: "30" } });
  assert.equal(workspace.adept(["train", "words.adept.json", "--detach"]).status, 0);
  await until(() => /PartitionTimeLimit/.test(workspace.adept(["queue", "list"]).out), "the reason is told", 60);
  assert.match(workspace.adept(["queue", "list"]).out, /does not start unless somebody changes it.*executor\.time/);
  workspace.adept(["queue", "cancel"]);
});

test("a run that takes more memory than its job has, and a node without Node, fail with what helps", (t) => {
  const cluster = clusterOf(t);
  if (cluster === undefined) return;
  const greedy = new SlurmWorkspace(t, cluster.env, {
    training: { steps: 3000, evaluateEvery: 3000 },
    executor: { kind: "slurm", cpus: 1, memory: "60M" },
  });
  assert.equal(greedy.adept(["train", "words.adept.json"]).status, 1);
  assert.match(greedy.records()[0]!.message ?? "", /lack of memory.*executor\.memory/s);

  const container = ["env", "PATH=/nowhere"];
  const bare = new SlurmWorkspace(t, cluster.env, { executor: { kind: "slurm", cpus: 1, container } });
  assert.equal(bare.adept(["train", "words.adept.json"]).status, 1);
  assert.match(bare.records()[0]!.message ?? "", /executor\.setup.*No such file/s);
});
