import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { countedCommand, onceInsteadOfSbatch, otherCommand } from "./otherCommand.ts";
import { SlurmWorkspace } from "./slurmWorkspace.ts";
import { sharedCluster, type TestCluster } from "./testCluster.ts";
import { until } from "./until.ts";

const clusterOf = sharedCluster("--nodes", "1", "--cpus", "1", "--max-array", "11");

/** Runs that wait for ever: what becomes of submissions is seen without training. */
const held = (more: object = {}): object => ({ kind: "slurm", cpus: 1, args: ["--hold"], ...more });

/** The tasks that Slurm has, by the comment of their submission. */
const tasks = (cluster: TestCluster): string[] =>
  cluster
    .run("squeue", "-h", "-r", "-o", "%i %k")
    .split("\n")
    .filter((line) => line.includes("adept:"));

const seeds = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test("arrays are cut to what the cluster takes; one run is taken out, then all", (t) => {
  const cluster = clusterOf(t);
  if (cluster === undefined) return;
  const workspace = new SlurmWorkspace(t, cluster.env, { seeds: seeds(24), executor: held({ concurrent: 6 }) });
  const { status, told } = workspace.adept(["train", "words.adept.json", "--detach"]);
  assert.equal(status, 0, told);
  const made = tasks(cluster);
  assert.equal(made.length, 24);
  assert.equal(new Set(made.map((line) => line.split("_")[0])).size, 3);

  const list = workspace.adept(["queue", "list"]).out;
  assert.match(list, /slurm: 24 waiting, 0 at work/);
  assert.match(list, /waiting \(JobHeldUser\); it does not start unless somebody changes it/);

  const [first, second] = workspace.runs();
  assert.match(workspace.adept(["stop", first!.id]).out, /taken out of the queue/);
  assert.equal(first!.record().status, "stopped");
  assert.equal(first!.record().place, undefined);
  assert.equal(second!.record().status, "queued");
  assert.equal(tasks(cluster).length, 23);

  workspace.adept(["queue", "clear"]);
  assert.equal(tasks(cluster).length, 0);
  assert.ok(workspace.records().every((record) => record.status === "stopped"));
});

test("an sbatch that times out has made its job all the same: it is found by its comment, and made once", (t) => {
  const cluster = clusterOf(t);
  if (cluster === undefined) return;
  const workspace = new SlurmWorkspace(t, cluster.env, { seeds: seeds(5), executor: held() });
  const timesOut = `$real "$@" >/dev/null
echo "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation" >&2
exit 1`;
  const env = onceInsteadOfSbatch(workspace, cluster, timesOut);
  assert.match(workspace.adept(["train", "words.adept.json", "--detach"], env).told, /5 runs are not submitted yet/);
  assert.match(workspace.adept(["queue", "list"], env).out, /slurm: 5 waiting/);
  assert.equal(tasks(cluster).length, 5);
});

test("adept train is killed while it submits, after the job was made: its job is found, and made once", (t) => {
  const cluster = clusterOf(t);
  if (cluster === undefined) return;
  const workspace = new SlurmWorkspace(t, cluster.env, { seeds: seeds(5), executor: held() });
  const env = onceInsteadOfSbatch(workspace, cluster, '$real "$@" >/dev/null\nkill -KILL $PPID');
  assert.equal(workspace.adept(["train", "words.adept.json", "--detach"], env).status, null);
  assert.match(workspace.adept(["queue", "list"], env).out, /slurm: 5 waiting/);
  assert.equal(tasks(cluster).length, 5);
});

test("adept train is killed before its job was made: nothing of it is there, and each run is submitted once", async (t) => {
  const cluster = clusterOf(t);
  if (cluster === undefined) return;
  const [asking, submitting] = [0, 1].map(
    () => new SlurmWorkspace(t, cluster.env, { seeds: seeds(5), executor: held() }),
  ) as [SlurmWorkspace, SlurmWorkspace];
  // Before anything is meant: while the cluster's limits are read.
  const early = otherCommand(asking, cluster, {
    name: "scontrol",
    body: 'if [ -e "$done" ]; then exec $real "$@"; fi\ntouch "$done"\nkill -KILL $PPID',
  });
  assert.equal(asking.adept(["train", "words.adept.json", "--detach"], early).status, null);
  assert.match(asking.adept(["queue", "list"], early).out, /slurm: 5 waiting/);
  assert.equal(tasks(cluster).length, 5);
  // After it was meant: whether a job comes of it is known after a minute.
  const late = onceInsteadOfSbatch(submitting, cluster, "kill -KILL $PPID");
  assert.equal(submitting.adept(["train", "words.adept.json", "--detach"], late).status, null);
  assert.match(submitting.adept(["queue", "list"], late).out, /slurm: 5 waiting/);
  assert.equal(tasks(cluster).length, 5);
  await until(
    () => {
      submitting.adept(["queue", "list"], late);
      return tasks(cluster).length === 10;
    },
    "the runs are submitted",
    90,
  );
  submitting.adept(["queue", "list"], late);
  assert.equal(tasks(cluster).length, 10);
});

test("three who look at runs ask Slurm no more often than one", async (t) => {
  const cluster = clusterOf(t);
  if (cluster === undefined) return;
  const workspace = new SlurmWorkspace(t, cluster.env, { seeds: seeds(5), poll: 5, executor: held() });
  const { env, calls } = countedCommand(workspace, cluster, "squeue");
  assert.equal(workspace.adept(["train", "words.adept.json", "--detach"], env).status, 0);
  const before = calls();
  const started = performance.now();
  const look = async (): Promise<string[]> => {
    const lists: string[] = [];
    while (lists.length < 5) lists.push((await workspace.start(["queue", "list"], env).answer).out);
    return lists;
  };
  const lists = (await Promise.all([look(), look(), look()])).flat();
  const asked = calls() - before;
  // One more for the beginning, and one for a list that is made at the end.
  const most = (performance.now() - started) / 5000 + 2;
  assert.ok(asked <= most, `${asked} calls`);
  assert.deepEqual([...new Set(lists.map((list) => list.split("\n").length))], [7]);
  console.log(`# ${asked} calls of squeue for ${lists.length} lists`);
});

test("what Slurm refuses is told before any run is made", (t) => {
  const cluster = clusterOf(t);
  if (cluster === undefined) return;
  const workspace = new SlurmWorkspace(t, cluster.env, { executor: { kind: "slurm", partition: "none" } });
  const { status, told } = workspace.adept(["train", "words.adept.json"]);
  assert.equal(status, 1);
  assert.match(told, /invalid partition/i);
  assert.equal(existsSync(join(workspace.folder, ".adept/runs")), false);
});
