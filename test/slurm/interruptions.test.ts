import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { RunEvent } from "../../src/record/events.ts";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { SlurmWorkspace, stepsIn, unbroken, until } from "./slurmWorkspace.ts";
import { startCluster, type TestCluster } from "./testCluster.ts";

const training = (steps: number): object => ({ steps, evaluateEvery: steps, checkpointEvery: 40 });

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
  const steps = stepsIn(45, t);
  const experiment = (partition: string, node: string): object => ({
    training: training(steps),
    executor: { kind: "slurm", cpus: 1, partition, time: "30", args: [`--nodelist=${node}`] },
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

/** The numbers of steps in a journal, in its order. */
const stepsOf = (events: readonly RunEvent[]): number[] =>
  events.flatMap((event) => (event.type === "step" ? [event.step] : []));

test("a node loses its power: its runs go on elsewhere with the same bytes, and the others are untouched", async (t) => {
  const cluster = startCluster(t, "--nodes", "3", "--cpus", "1");
  if (cluster === undefined) return;
  const steps = stepsIn(20, t);
  const experiment = {
    seeds: [0, 1],
    training: training(steps),
    executor: { kind: "slurm", cpus: 1, time: "30" },
  };
  const far = new SlurmWorkspace(t, cluster.env, experiment);
  const { answer } = far.start(["train", "words.adept.json"]);
  await until(() => far.hasRuns(), "the runs are made");
  await far.untilStep(0, { restart: 0, after: 45 });
  const { node } = far.records()[0]!.place!;
  cluster.node(node, "kill");
  const near = unbroken(t, cluster.env, experiment);
  const { status, told } = await answer;
  assert.equal(status, 0, told);
  const records = far.records();
  assert.deepEqual(
    records.map((record) => [record.status, record.place?.restart, record.place?.node === node]),
    [
      ["finished", 1, false],
      ["finished", 0, false],
    ],
  );
  assert.deepEqual(
    far.adapters().map((bytes, i) => bytes.equals(near[i]!)),
    [true, true],
  );
  // The steps after the last checkpoint are made again, once, in order.
  const made = stepsOf(readJournal(far.runs()[0]!.path).events);
  assert.equal(made.filter((step, i) => i > 0 && step <= made[i - 1]!).length, 1);
  assert.deepEqual(
    stepsOf(readJournal(far.runs()[1]!.path).events),
    Array.from({ length: steps }, (_, i) => i + 1),
  );
});

test("a node hangs and comes back while its run goes on elsewhere: one writes, and the bytes are those of an unbroken run", async (t) => {
  const cluster = startCluster(t, "--nodes", "2", "--cpus", "1");
  if (cluster === undefined) return;
  const steps = stepsIn(40, t);
  const experiment = { training: training(steps), executor: { kind: "slurm", cpus: 1, time: "30" } };
  const far = new SlurmWorkspace(t, cluster.env, experiment);
  const { answer } = far.start(["train", "words.adept.json"]);
  await until(() => far.hasRuns(), "the run is made");
  await far.untilStep(0, { restart: 0, after: 45 });
  const { node } = far.records()[0]!.place!;
  cluster.node(node, "freeze");
  const near = unbroken(t, cluster.env, experiment);
  // The old worker comes back in the middle of the new one's training.
  await far.untilStep(0, { restart: 1 });
  cluster.node(node, "thaw");
  const { status, told } = await answer;
  assert.equal(status, 0, told);
  const [run] = far.runs();
  const { events } = readJournal(run!.path);
  const second = events.findIndex((event) => event.type === "status" && event.start === 2);
  assert.ok(events.slice(second).every((event) => event.type !== "status" || event.start === 2));
  const made = stepsOf(events);
  assert.equal(made.filter((step, i) => i > 0 && step <= made[i - 1]!).length, 1);
  assert.ok(far.adapters()[0]!.equals(near[0]!));
});
