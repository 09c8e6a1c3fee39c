import assert from "node:assert/strict";
import { test } from "node:test";
import { countedCommand } from "./otherCommand.ts";
import { SlurmWorkspace } from "./slurmWorkspace.ts";
import { sharedCluster, type TestCluster } from "./testCluster.ts";

// Without this, Slurm fills a node before it begins with the next.
const SPREAD = "SelectTypeParameters=CR_Core_Memory,CR_LLN";
const clusterOf = sharedCluster("--nodes", "3", "--cpus", "3", "--conf", SPREAD);

/** How many of our tasks are at work. */
const atWork = (cluster: TestCluster): number =>
  cluster
    .run("squeue", "--me", "-h", "-r", "-t", "running", "-o", "%i")
    .split("\n")
    .filter((line) => line !== "").length;

test("a sweep of 24 is one array over three nodes, six at once, and has the bytes and the comparison of this machine", async (t) => {
  const cluster = clusterOf(t);
  if (cluster === undefined) return;
  const sweep = {
    seeds: Array.from({ length: 24 }, (_, i) => i),
    training: { steps: 2, evaluateEvery: 2 },
    executor: { kind: "slurm", cpus: 1, concurrent: 6, time: "30" },
  };
  const far = new SlurmWorkspace(t, cluster.env, sweep);
  const near = new SlurmWorkspace(t, cluster.env, sweep);
  const { env, calls } = countedCommand(far, cluster, "sbatch");
  const here = near.start(["train", "words.adept.json", "--set", "executor.kind=local"]);
  const there = far.start(["train", "words.adept.json"], env);
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, atWork(cluster));
  }, 1000);
  const { status, out, told } = await there.answer;
  clearInterval(watch);
  assert.equal(status, 0, told);
  assert.match(out, /24 of 24 runs finished/);
  const records = far.records();
  assert.ok(records.every((record) => record.status === "finished"));
  // One array: the jobs differ in their index alone. One more call asks whether Slurm would take it.
  assert.equal(new Set(records.map(({ place }) => place?.job.split("_")[0])).size, 1);
  assert.equal(new Set(records.map(({ place }) => place?.job.split("_")[1])).size, 24);
  assert.ok(calls() <= 2, `${calls()} calls of sbatch`);
  assert.ok(most <= 6, `${most} at work at once`);
  assert.deepEqual([...new Set(records.map(({ place }) => place?.node))].sort(), ["n1", "n2", "n3"]);

  assert.equal((await here.answer).status, 0);
  assert.ok(near.records().every(({ place }) => place === undefined));
  const [home, away] = [near.adapters(), far.adapters()];
  assert.deepEqual(
    home.map((bytes, i) => bytes.equals(away[i]!)),
    home.map(() => true),
  );
  const compared = (workspace: SlurmWorkspace): string => workspace.adept(["compare", "--markdown"]).out;
  assert.equal(compared(far), compared(near));
  console.log(`# ${calls()} calls of sbatch, at most ${most} at work`);
});

test("a job that ends without a word fails its run, with the end of its output", (t) => {
  const cluster = clusterOf(t);
  if (cluster === undefined) return;
  const setup = ["echo no module of this name >&2", "exit 3"];
  const workspace = new SlurmWorkspace(t, cluster.env, { executor: { kind: "slurm", setup } });
  const { status, told } = workspace.adept(["train", "words.adept.json"]);
  assert.equal(status, 1, told);
  const [record] = workspace.records();
  assert.equal(record?.status, "failed");
  assert.match(record?.message ?? "", /FAILED, exit code 3.*no module of this name/s);
});
