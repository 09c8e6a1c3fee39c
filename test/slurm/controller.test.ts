import assert from "node:assert/strict";
import { cpSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { onceInsteadOfSbatch } from "./otherCommand.ts";
import { SlurmWorkspace, slowSteps } from "./slurmWorkspace.ts";
import { startCluster } from "./testCluster.ts";
import { until } from "./until.ts";

const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

test("the controller is gone, then hangs: no run is marked, and all finish", async (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "2");
  if (cluster === undefined) return;
  const steps = 150;
  const workspace = new SlurmWorkspace(t, cluster.env, {
    seeds: [0, 1],
    training: { steps, evaluateEvery: steps, checkpointEvery: steps },
    // A minute, in which all of this happens.
    executor: { kind: "slurm", cpus: 1, time: "30", setup: slowSteps(400) },
  });
  const { answer } = workspace.start(["train", "words.adept.json"]);
  await until(() => workspace.hasRuns(), "the runs are made");
  await workspace.untilStep(0, { restart: 0 });
  await workspace.untilStep(1, { restart: 0 });
  // A controller with nothing else to do saves for the first time after minutes that the jobs run; killed before, it
  // would start them again. Another job has it save.
  cluster.run("sbatch", "--hold", "-o", "/dev/null", "--wrap", "true");
  await pause(12);
  cluster.node("slurmctld", "kill");
  await pause(15);
  assert.match(workspace.adept(["queue", "list"]).out, /slurm: 0 waiting, 2 at work/);
  cluster.node("slurmctld", "start");
  await pause(3);
  cluster.node("slurmctld", "freeze");
  await pause(15);
  cluster.node("slurmctld", "thaw");
  const { status, told } = await answer;
  assert.equal(status, 0, told);
  assert.doesNotMatch(told, /interrupted|failed/);
  assert.deepEqual(
    workspace.records().map((record) => [record.status, record.interruptions, record.start, record.place?.restart]),
    [
      // An end uses up one more number of a start.
      ["finished", 0, 2, 0],
      ["finished", 0, 2, 0],
    ],
  );
});

test("the controller hangs while a job is submitted: it makes it late, and once", async (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "1");
  if (cluster === undefined) return;
  const workspace = new SlurmWorkspace(t, cluster.env, {
    seeds: [0, 1, 2],
    executor: { kind: "slurm", cpus: 1, args: ["--hold"] },
  });
  const node = `bash '${join(import.meta.dirname, "cluster/slurm-node.sh")}' '${cluster.folder}' slurmctld`;
  const env = onceInsteadOfSbatch(
    workspace,
    cluster,
    `${node} freeze\n(sleep 14; ${node} thaw) >/dev/null 2>&1 &\nexec $real "$@"`,
  );
  const { told } = workspace.adept(["train", "words.adept.json", "--detach"], env);
  assert.match(told, /3 runs are not submitted yet: Slurm's controller does not answer/);
  await pause(6);
  assert.match(workspace.adept(["queue", "list"], env).out, /slurm: 3 waiting/);
  const jobs = cluster.run("squeue", "--me", "-h", "-r", "-o", "%k").split("\n");
  assert.equal(jobs.length, 3);
  assert.equal(new Set(jobs).size, 1);
});

test("the controller is killed and forgets that runs are at work, one of them for the second time: it starts both as for the first time, and all finish", async (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "2");
  if (cluster === undefined) return;
  const steps = 150;
  const workspace = new SlurmWorkspace(t, cluster.env, {
    seeds: [0, 1],
    training: { steps, evaluateEvery: steps, checkpointEvery: 10 },
    executor: { kind: "slurm", cpus: 1, time: "30", setup: slowSteps(200), args: ["--hold"] },
  });
  const { answer } = workspace.start(["train", "words.adept.json"]);
  const array = (): string => cluster.run("squeue", "--me", "-h", "-n", "adept", "-o", "%F").split("\n")[0]!;
  await until(() => array() !== "", "the runs are submitted");
  // So that it has surely saved that they wait, and nothing after that.
  const [state, saved] = [join(cluster.folder, "ctld"), join(cluster.folder, "ctld-saved")];
  const savedAt = (): number => statSync(join(state, "job_state"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const submitted = Date.now();
  cluster.run("sbatch", "--hold", "-J", "other", "-o", "/dev/null", "--wrap", "true");
  await until(() => savedAt() > submitted, "it has saved its state");
  cpSync(state, saved, { recursive: true });
  cluster.run("scontrol", "release", array());
  for (const i of [0, 1]) await workspace.untilStep(i, { restart: 0, after: 10 });
  cluster.run("scontrol", "requeue", `${array()}_1`);
  await workspace.untilStep(1, { restart: 1, after: 15 });
  cluster.node("slurmctld", "kill");
  rmSync(state, { recursive: true });
  cpSync(saved, state, { recursive: true });
  cluster.node("slurmctld", "start");
  await until(() => array() !== "", "it is back");
  cluster.run("scontrol", "release", array());
  const { status, told } = await answer;
  assert.equal(status, 0, told);
  const starts = workspace.runs().map(({ id }) =>
    workspace
      .adept(["logs", id])
      .out.match(/(?<=^== restart )\d+(?= on n1)/gm)
      ?.join(" "),
  );
  assert.deepEqual(starts, ["0 0", "0 1 0"], "the same count, and a lower one");
  assert.deepEqual(
    workspace.records().map((record) => [record.status, record.interruptions, record.place?.restart]),
    [
      ["finished", 0, 0],
      ["finished", 0, 0],
    ],
  );
});
