import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SlurmWorkspace, until } from "./slurmWorkspace.ts";
import { startCluster } from "./testCluster.ts";

test("a user may have five jobs: the rest waits here and is submitted by jobs that end; what is refused is told", async (t) => {
  const cluster = startCluster(
    t,
    "--nodes",
    "1",
    "--cpus",
    "2",
    "--accounting",
    "--conf",
    "AccountingStorageEnforce=limits,qos",
  );
  if (cluster === undefined) return;
  cluster.run("sacctmgr", "-i", "modify", "qos", "normal", "set", "MaxSubmitJobsPerUser=5");
  const workspace = new SlurmWorkspace(t, cluster.env, {
    seeds: [0, 1, 2, 3, 4, 5, 6, 7],
    training: { steps: 2, evaluateEvery: 2 },
    executor: { kind: "slurm", cpus: 1, time: "10" },
  });
  const { told } = workspace.adept(["train", "words.adept.json", "--detach"]);
  assert.match(told, /3 runs are not submitted yet: Slurm takes no more of your jobs/);

  // Meanwhile: what Slurm refuses is told with what helps, before any run is made.
  const refused: [object, RegExp][] = [
    [{ partition: "none" }, /invalid partition.*executor\.partition/is],
    [{ account: "none" }, /Invalid account.*executor\.account/is],
    [{ qos: "none" }, /Invalid qos.*executor\.qos/is],
    [{ gpus: 1 }, /gres.*executor\.gpus/is],
    [{ memory: "900G" }, /executor\.memory/i],
    [{ constraint: "none" }, /feature.*executor\.constraint/is],
    [{ args: ["--nonsense"] }, /nonsense.*executor\.args/is],
  ];
  for (const [executor, says] of refused) {
    const other: SlurmWorkspace = new SlurmWorkspace(t, cluster.env, { executor: { kind: "slurm", ...executor } });
    const { status, told: why } = other.adept(["train", "words.adept.json"]);
    assert.equal(status, 1, JSON.stringify(executor));
    assert.match(why, says);
    assert.equal(other.hasRuns(), false);
  }

  // Nobody looks: the jobs that end submit the rest.
  await until(() => workspace.records().every((record) => record.status === "finished"), "all runs have finished", 300);
  assert.ok(
    workspace.records().every((record) => record.start === 2),
    "each run was begun once",
  );
});

test("a time above the partition's is accepted and never starts: it is told, with what helps", async (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "1");
  if (cluster === undefined) return;
  const workspace = new SlurmWorkspace(t, cluster.env, { executor: { kind: "slurm", partition: "short", time: "30" } });
  assert.equal(workspace.adept(["train", "words.adept.json", "--detach"]).status, 0);
  await until(() => /PartitionTimeLimit/.test(workspace.adept(["queue", "list"]).out), "the reason is told", 60);
  assert.match(workspace.adept(["queue", "list"]).out, /does not start unless somebody changes it.*executor\.time/);
  workspace.adept(["queue", "cancel"]);
});

test("a run that takes more memory than its job has, and a node without Node, fail with what helps", (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "2", "--memory", "6000");
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

test("Slurm forgets jobs after seconds, and what was seen of them is torn: states are right, by the accounting", async (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "1", "--accounting", "--min-job-age", "2");
  if (cluster === undefined) return;
  const setup = ["sleep 3", "exit 3"];
  const workspace = new SlurmWorkspace(t, cluster.env, { poll: 60, executor: { kind: "slurm", setup } });
  assert.equal(workspace.adept(["train", "words.adept.json", "--detach"]).status, 0);
  await until(() => cluster.run("squeue", "-h", "-t", "all") === "", "Slurm has forgotten the job", 90);
  writeFileSync(join(workspace.folder, ".adept/slurm/seen.json"), '{"at": 1, "tas');
  workspace.adept(["queue", "list"]);
  const [record] = workspace.records();
  assert.equal(record?.status, "failed");
  assert.match(record.message ?? "", /FAILED, exit code 3/);
});
