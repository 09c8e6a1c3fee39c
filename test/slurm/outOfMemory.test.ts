import assert from "node:assert/strict";
import { mkdirSync, rmdirSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { countedCommand } from "./otherCommand.ts";
import { SlurmWorkspace, slowSteps } from "./slurmWorkspace.ts";
import { sharedCluster, type TestCluster } from "./testCluster.ts";
import { until } from "./until.ts";

const clusterOf = sharedCluster("--nodes", "1", "--cpus", "2", "--memory", "6000", "--cgroup");

/** Whether the kernel lets Slurm limit the memory of jobs here. */
function mayLimit(): boolean {
  const folder = `/sys/fs/cgroup/memory/adept-test-${process.pid}`;
  try {
    mkdirSync(folder);
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

/** A cluster whose kernel ends what takes more than its job may. */
function limitingCluster(t: TestContext): TestCluster | undefined {
  if (mayLimit()) return clusterOf(t);
  t.skip("no memory control group can be made here");
  return undefined;
}

/** The states of all jobs of a workspace that the controller knows, with how often each was started again. */
const states = (cluster: TestCluster, { folder }: SlurmWorkspace): string[] =>
  cluster
    .run("squeue", "--me", "-h", "-r", "-t", "all", "-O", "WorkDir:|,State:|,RestartCnt:|")
    .split("\n")
    .flatMap((line) => (line.startsWith(`${folder}|`) ? [line.slice(folder.length + 1)] : []));

test("the kernel ends a run for lack of memory, as it starts and at work: it fails once, and says what helps", async (t) => {
  const cluster = limitingCluster(t);
  if (cluster === undefined) return;
  const training = { steps: 400, evaluateEvery: 400, checkpointEvery: 2 };
  const early = new SlurmWorkspace(t, cluster.env, { training, executor: { kind: "slurm", cpus: 1, memory: "60M" } });
  const setup = slowSteps(50, 40);
  const late = new SlurmWorkspace(t, cluster.env, {
    training,
    executor: { kind: "slurm", cpus: 1, memory: "900M", setup },
  });
  const counted = [early, late].map((each) => countedCommand(each, cluster, "sbatch"));
  const answers = await Promise.all(
    [early, late].map((each, i) => each.start(["train", "words.adept.json"], counted[i]!.env).answer),
  );
  for (const [i, workspace] of [early, late].entries()) {
    assert.equal(answers[i]!.status, 1, answers[i]!.told);
    // Whoever looks later does not submit it again either.
    workspace.adept(["queue", "start"], counted[i]!.env);
    const [record] = workspace.records();
    assert.deepEqual([record?.status, record?.interruptions, record?.place?.restart ?? 0], ["failed", 0, 0]);
    assert.match(record?.message ?? "", /lack of memory.*executor\.memory/s);
    // One call submits, and one asks whether Slurm would take it.
    assert.equal(counted[i]!.calls(), 2);
    assert.deepEqual(states(cluster, workspace), ["OUT_OF_MEMORY|0|"]);
  }
  assert.ok((late.records()[0]?.checkpointStep ?? 0) >= 2, "it was at work");
});

test("the kernel ends another process of the job: the run goes on, and stays finished", async (t) => {
  const cluster = limitingCluster(t);
  if (cluster === undefined) return;
  const greedy = `(sleep 3; "${process.execPath}" -e 'Buffer.alloc(2 ** 31 - 1, 1)') &`;
  const workspace = new SlurmWorkspace(t, cluster.env, {
    training: { steps: 30, evaluateEvery: 30 },
    executor: { kind: "slurm", cpus: 1, memory: "900M", setup: [greedy, ...slowSteps(300)] },
  });
  const { status, told } = workspace.adept(["train", "words.adept.json"]);
  assert.equal(status, 0, told);
  await until(() => states(cluster, workspace).includes("OUT_OF_MEMORY|0|"), "Slurm says what has happened", 60);
  workspace.adept(["queue", "list"]);
  assert.deepEqual(
    workspace.records().map((record) => [record.status, record.interruptions]),
    [["finished", 0]],
  );
});
