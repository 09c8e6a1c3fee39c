import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { SlurmWorkspace, slowSteps, unbroken } from "./slurmWorkspace.ts";
import { startCluster, type TestCluster } from "./testCluster.ts";
import { until } from "./until.ts";

const STEPS = 120;

/** The states that Slurm noted for our jobs that have ended, or were ended to be started again. */
const states = (cluster: TestCluster): string[] =>
  [...readFileSync(cluster.endedPath, "utf8").matchAll(/Name=adept JobState=(\w+)/g)].map(([, state]) => state!);

/** Takes the node of a job for a job that goes before it, for a moment. */
function preempt(cluster: TestCluster, node: string): void {
  cluster.run(
    "sbatch",
    "-p",
    "urgent",
    "-w",
    node,
    "-N",
    "1",
    "-n",
    "2",
    "-J",
    "urgent",
    "-o",
    "/dev/null",
    "--wrap",
    "sleep 1",
  );
}

test("a run that is requeued by hand and preempted, without and with grace, has the bytes of an unbroken one", async (t) => {
  const cluster = startCluster(t, "--nodes", "2", "--cpus", "2");
  if (cluster === undefined) return;
  const experiment = (partition: string, node: string): object => ({
    training: { steps: STEPS, evaluateEvery: STEPS, checkpointEvery: 40 },
    // Longer than the time of grace in all.
    executor: { kind: "slurm", cpus: 1, partition, time: "30", setup: slowSteps(200), args: [`--nodelist=${node}`] },
  });
  const plain = new SlurmWorkspace(t, cluster.env, { ...experiment("main", "n1") });
  const graceful = new SlurmWorkspace(t, cluster.env, { ...experiment("graceful", "n2") });
  const answers = [plain, graceful].map((each) => each.start(["train", "words.adept.json"]).answer);
  const interrupt = async (workspace: SlurmWorkspace, restart: number, how: "hand" | "preempt"): Promise<void> => {
    const after = workspace.records()[0]?.lastStep?.step ?? 0;
    await workspace.untilStep(0, { restart, after });
    const { job, node } = workspace.records()[0]!.place!;
    if (how === "hand") cluster.run("scontrol", "requeue", job);
    else preempt(cluster, node);
  };
  await until(() => [plain, graceful].every((each) => each.hasRuns()), "both runs are made");
  await Promise.all([
    (async () => {
      for (const [restart, how] of (["hand", "preempt", "hand", "preempt"] as const).entries())
        await interrupt(plain, restart, how);
    })(),
    // In its time of grace a run goes on.
    interrupt(graceful, 0, "preempt"),
  ]);
  const near = unbroken(t, cluster.env, experiment("main", "n1"));
  for (const [i, workspace] of [plain, graceful].entries()) {
    const { status, told } = await answers[i]!;
    assert.equal(status, 0, told);
    const [record] = workspace.records();
    assert.equal(record?.status, "finished");
    assert.equal(record.interruptions, 0);
    assert.ok((record.place?.restart ?? 0) >= (i === 0 ? 4 : 1));
    assert.ok(workspace.adapters()[0]!.equals(near[0]!));
  }
  // Slurm never takes a run for done that is not.
  assert.equal(states(cluster).filter((state) => state === "COMPLETED").length, 2);
});
