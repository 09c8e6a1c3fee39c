import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { SlurmWorkspace, slowSteps } from "./slurmWorkspace.ts";
import { sharedCluster } from "./testCluster.ts";
import { until } from "./until.ts";

const clusterOf = sharedCluster("--nodes", "1", "--cpus", "3");

test("one task is cancelled with scancel, one by adept at work, one that waits: each is stopped, the others finish", async (t) => {
  const cluster = clusterOf(t);
  if (cluster === undefined) return;
  const workspace = new SlurmWorkspace(t, cluster.env, {
    seeds: [0, 1, 2, 3],
    training: { steps: 5000, evaluateEvery: 5000, checkpointEvery: 1000 },
    executor: { kind: "slurm", cpus: 1, time: "30", concurrent: 2, setup: slowSteps(100) },
  });
  const { answer } = workspace.start(["train", "words.adept.json"]);
  await until(() => workspace.hasRuns() && workspace.runs().length === 4, "the runs are made");
  await workspace.untilStep(0, { restart: 0 });
  await workspace.untilStep(1, { restart: 0 });
  const [first, second, third, last] = workspace.runs();

  assert.match(workspace.adept(["stop", last!.id]).out, /taken out of the queue/);
  assert.match(workspace.adept(["stop", second!.id]).out, /stopped/);
  // The wish reaches the worker on its node within seconds: it makes no step more.
  const asked = statSync(join(second!.path, "control")).mtimeMs;
  const lastStep = readJournal(second!.path).events.findLast(({ type }) => type === "step")!.time;
  assert.ok(lastStep - asked < 5000, `a step ${lastStep - asked} ms after the wish`);
  cluster.run("scancel", first!.record().place!.job);
  await workspace.untilStep(2, { restart: 0 });
  await until(() => first!.record().status === "stopped", "the cancelled run is stopped", 60);
  assert.match(first!.record().message ?? "", /cancelled/);
  workspace.adept(["stop", third!.id]);

  const { status, told } = await answer;
  assert.equal(status, 0, told);
  assert.deepEqual(
    workspace.records().map((record) => [record.status, record.place !== undefined, record.interruptions]),
    [
      ["stopped", true, 0],
      ["stopped", true, 0],
      ["stopped", true, 0],
      ["stopped", false, 0],
    ],
  );
  assert.equal(cluster.run("squeue", "--me", "-h", "-t", "pending,running"), "");
});

test("a task that waits is cancelled with scancel, of which Slurm keeps nothing: its run is stopped, and not submitted again", async (t) => {
  const cluster = clusterOf(t);
  if (cluster === undefined) return;
  const workspace = new SlurmWorkspace(t, cluster.env, {
    seeds: [0, 1, 2],
    training: { steps: 60, evaluateEvery: 60, checkpointEvery: 60 },
    executor: { kind: "slurm", cpus: 1, time: "30", concurrent: 1, setup: slowSteps(100) },
  });
  const { answer } = workspace.start(["train", "words.adept.json"]);
  await until(() => workspace.hasRuns() && workspace.runs().length === 3, "the runs are made");
  await workspace.untilStep(0, { restart: 0 });
  const job = workspace.records()[0]!.place!.job.replace(/_\d+$/, "");
  cluster.run("scancel", `${job}_1`);
  assert.doesNotMatch(cluster.run("squeue", "-h", "-r", "-t", "all", "-o", "%F_%K"), new RegExp(`^${job}_1$`, "m"));
  await until(() => workspace.records()[1]!.status === "stopped", "the cancelled run is stopped", 20);
  assert.match(workspace.records()[1]!.message ?? "", /cancelled/);
  const { status, told } = await answer;
  assert.equal(status, 0, told);
  assert.deepEqual(
    workspace.records().map((record) => record.status),
    ["finished", "stopped", "finished"],
  );
});

test("how many are at work at once is changed while they run; cancelling all ends those at work and those that wait", async (t) => {
  const cluster = clusterOf(t);
  if (cluster === undefined) return;
  const steps = 100_000;
  const workspace = new SlurmWorkspace(t, cluster.env, {
    seeds: [0, 1, 2],
    training: { steps, evaluateEvery: steps, checkpointEvery: steps },
    executor: { kind: "slurm", cpus: 1, time: "30", concurrent: 1, setup: slowSteps(100) },
  });
  const { answer } = workspace.start(["train", "words.adept.json"]);
  await until(() => workspace.hasRuns(), "the runs are made");
  await workspace.untilStep(0, { restart: 0 });
  // An answer of Slurm from just before the submission has none of them, and counts for two seconds.
  const isTold = (list: string): boolean =>
    /: on n1, \d+ min left\n/.test(list) && /: waiting \(JobArrayTaskLimit\)\n/.test(list);
  await until(() => isTold(workspace.adept(["queue", "list"]).out), "it is told where they are", 20);
  assert.match(workspace.adept(["queue", "limit", "2"]).out, /at most 2 at work at once/);
  await workspace.untilStep(1, { restart: 0 });
  const [first, , third] = workspace.runs();
  assert.equal(third!.experiment().executor?.concurrent, 2);
  assert.equal(third!.record().status, "queued");

  assert.match(workspace.adept(["queue", "cancel"]).out, /all runs cancelled/);
  const { status, told } = await answer;
  assert.equal(status, 0, told);
  assert.deepEqual(
    workspace.records().map((record) => [record.status, record.place !== undefined]),
    [
      ["stopped", true],
      ["stopped", true],
      ["stopped", false],
    ],
  );
  assert.equal(cluster.run("squeue", "--me", "-h", "-t", "pending,running"), "");
  const logs = workspace.adept(["logs", first!.id]).out;
  assert.match(logs, /^== journal \(.*\n[^]* job \d+_0, restart 0, on n1\n[^]*stopped/);
  assert.match(logs, /^== job \d+_0 \(.*\n== restart 0 on n1, /m);
});

test("a run that waits is deleted: its job is cancelled, and the others of its array finish", async (t) => {
  const cluster = clusterOf(t);
  if (cluster === undefined) return;
  const workspace = new SlurmWorkspace(t, cluster.env, {
    seeds: [0, 1, 2],
    training: { steps: 40, evaluateEvery: 40, checkpointEvery: 20 },
    executor: { kind: "slurm", cpus: 1, time: "30", concurrent: 1, setup: slowSteps(300) },
  });
  const { answer } = workspace.start(["train", "words.adept.json"]);
  await until(() => workspace.hasRuns(), "the runs are made");
  await workspace.untilStep(0, { restart: 0 });
  const [first, second, third] = workspace.runs();
  // All or none: with one that is at work, what waits stays in the queue.
  assert.match(workspace.adept(["runs", "delete", first!.id, second!.id]).told, /is at work\.\nStop it first/);
  assert.equal(second!.record().status, "queued");
  const { status, out, told } = workspace.adept(["runs", "delete", second!.id]);
  assert.equal(status, 0, told);
  assert.match(out, new RegExp(`^deleted: ${second!.id}\n`));
  assert.equal(cluster.run("squeue", "--me", "-h", "-r", "-o", "%T").split("\n").sort().join(), "PENDING,RUNNING");
  assert.equal((await answer).status, 0);
  assert.deepEqual(
    workspace.runs().map((run) => [run.id, run.record().status]),
    [first!, third!].map((run) => [run.id, "finished"]),
  );
});

test("a job that Slurm holds for a run that has ended is cancelled by whoever looks at the others, which keep theirs", async (t) => {
  const cluster = clusterOf(t);
  if (cluster === undefined) return;
  const workspace = new SlurmWorkspace(t, cluster.env, {
    seeds: [0, 1],
    executor: { kind: "slurm", cpus: 1, time: "30", args: ["--hold"] },
  });
  const { answer } = workspace.start(["train", "words.adept.json"]);
  const jobs = (format: string): string => cluster.run("squeue", "--me", "-h", "-r", "-t", "pending", "-o", format);
  await until(() => jobs("%A").includes("\n"), "both are submitted");
  const array = jobs("%F").split("\n")[0]!;
  cluster.run("scontrol", "release", `${array}_0`);
  await until(() => workspace.records()[0]!.status === "finished", "the first has finished");
  await until(
    () => cluster.run("squeue", "-h", "-j", `${array}_0`, "-t", "completed", "-o", "%T") !== "",
    "its job too",
  );
  cluster.run("scontrol", "requeuehold", `${array}_0`);
  assert.deepEqual(jobs("%K %r").split("\n").sort(), ["0 job requeued in held state", "1 JobHeldUser"]);
  await until(() => jobs("%K") === "1", "the first's job is cancelled");
  cluster.run("scontrol", "release", `${array}_1`);
  assert.equal((await answer).status, 0);
  assert.deepEqual(
    workspace.records().map(({ status }) => status),
    ["finished", "finished"],
  );
});
