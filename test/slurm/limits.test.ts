import assert from "node:assert/strict";
import { test } from "node:test";
import { SlurmWorkspace } from "./slurmWorkspace.ts";
import { startCluster } from "./testCluster.ts";
import { until } from "./until.ts";

/** A node of two cores, and limits of accounts and QOS that Slurm enforces. */
const OPTIONS = ["--nodes", "1", "--cpus", "2", "--accounting", "--conf", "AccountingStorageEnforce=limits,qos"];

test("a user may have five jobs: the rest waits here and is submitted by jobs that end; what is refused is told", async (t) => {
  const cluster = startCluster(t, ...OPTIONS);
  if (cluster === undefined) return;
  cluster.run("sacctmgr", "-i", "modify", "qos", "normal", "set", "MaxSubmitJobsPerUser=5");
  // No job begins before everything is told.
  cluster.run("scontrol", "update", "nodename=n1", "state=drain", "reason=test");
  const workspace = new SlurmWorkspace(t, cluster.env, {
    seeds: [0, 1, 2, 3, 4, 5, 6, 7],
    training: { steps: 2, evaluateEvery: 2 },
    executor: { kind: "slurm", cpus: 1, time: "10" },
  });
  const { told } = workspace.adept(["train", "words.adept.json", "--detach"]);
  assert.match(told, /3 runs are not submitted yet: Slurm takes no more of your jobs/);

  // Meanwhile: what Slurm refuses is told with what helps, before any run is made. The user is at the limit, of which
  // Slurm speaks before it looks at nodes.
  const refused: [object, RegExp][] = [
    [{ partition: "none" }, /invalid partition.*executor\.partition/is],
    [{ account: "none" }, /Invalid account.*executor\.account/is],
    [{ qos: "none" }, /Invalid qos.*executor\.qos/is],
    [{ gpus: 1 }, /gres.*executor\.gpus/is],
    [{ memory: "900G" }, /executor\.memory/i],
    [{ cpus: 9 }, /executor\.memory, cpus/i],
    [{ constraint: "none" }, /feature.*executor\.constraint/is],
    [{ args: ["--nonsense"] }, /nonsense.*executor\.args/is],
  ];
  for (const [executor, says] of refused) {
    const other: SlurmWorkspace = new SlurmWorkspace(t, cluster.env, { executor: { kind: "slurm", ...executor } });
    const { status, told: why } = other.adept(["train", "words.adept.json", "--detach"]);
    assert.equal(status, 1, JSON.stringify(executor));
    assert.match(why, says);
    assert.equal(other.hasRuns(), false);
  }

  cluster.run("scontrol", "update", "nodename=n1", "state=resume");

  // Nobody looks: the jobs that end submit the rest.
  await until(() => workspace.records().every((record) => record.status === "finished"), "all runs have finished", 300);
  assert.ok(
    workspace.records().every((record) => record.start === 2),
    "each run was begun once",
  );
});

test("a QOS that denies what is above its limits: the run is refused with what helps, and does not wait for ever", (t) => {
  const cluster = startCluster(t, ...OPTIONS);
  if (cluster === undefined) return;
  cluster.run("sacctmgr", "-i", "modify", "qos", "normal", "set", "MaxWall=1", "flags=DenyOnLimit");
  const workspace = new SlurmWorkspace(t, cluster.env, { executor: { kind: "slurm", time: "10" } });
  const { status, told } = workspace.adept(["train", "words.adept.json", "--detach"]);
  assert.equal(status, 1);
  assert.match(told, /QOSMaxWallDurationPerJobLimit.*executor\.time less/s);
  assert.equal(workspace.hasRuns(), false);
});
