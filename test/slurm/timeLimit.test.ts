import assert from "node:assert/strict";
import { test } from "node:test";
import { SlurmWorkspace, stepsIn, unbroken } from "./slurmWorkspace.ts";
import { startCluster, type TestCluster } from "./testCluster.ts";

/** The jobs that were made, each once however often it was started. */
const jobs = (cluster: TestCluster): string[] =>
  cluster.run("squeue", "--me", "-h", "-r", "-t", "all", "-o", "%i").split("\n");

const training = (steps: number): object => ({ steps, evaluateEvery: steps, checkpointEvery: steps });

test("runs of several time limits are requeued by their own jobs, and have the bytes of unbroken ones", async (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "2");
  if (cluster === undefined) return;
  const experiment = {
    seeds: [0, 1],
    // Slurm looks twice a minute, and sends the signal 20 to 50 s after the start.
    training: training(stepsIn(60, t)),
    executor: { kind: "slurm", cpus: 1, time: "1", signal: "USR1@10" },
  };
  const far = new SlurmWorkspace(t, cluster.env, experiment);
  const { answer } = far.start(["train", "words.adept.json"]);
  const near = unbroken(t, cluster.env, experiment);
  const { status, told } = await answer;
  assert.equal(status, 0, told);
  for (const [i, record] of far.records().entries()) {
    assert.equal(record.status, "finished");
    assert.equal(record.interruptions, 0);
    assert.ok((record.place?.restart ?? 0) >= 1, `${record.place?.restart} restarts`);
    assert.ok(far.adapters()[i]!.equals(near[i]!));
  }
  // Nobody had to submit them again.
  assert.equal(jobs(cluster).length, 2);
  console.log(
    `# restarts: ${far
      .records()
      .map(({ place }) => place?.restart)
      .join(", ")}`,
  );
});

test("without scontrol on the node, and without a signal, the run is submitted again and has the same bytes", async (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "2");
  if (cluster === undefined) return;
  const steps = stepsIn(60, t);
  const asks = (more: object): SlurmWorkspace =>
    new SlurmWorkspace(t, cluster.env, {
      training: training(steps),
      executor: { kind: "slurm", cpus: 1, time: "1", ...more },
    });
  const bare = asks({ signal: "USR1@10", setup: ["export PATH=/nowhere"] });
  const unwarned = asks({ signal: "none" });
  const answers = [bare, unwarned].map((each) => each.start(["train", "words.adept.json"]).answer);
  const near = unbroken(t, cluster.env, { training: training(steps) });
  for (const [i, workspace] of [bare, unwarned].entries()) {
    const { status, told } = await answers[i]!;
    assert.equal(status, 0, told);
    const [record] = workspace.records();
    assert.deepEqual([record?.status, record?.interruptions, record?.place?.restart], ["finished", 0, 0]);
    assert.ok(workspace.adapters()[0]!.equals(near[0]!));
  }
  assert.match(bare.adept(["logs"]).out, /not requeued: .*no command scontrol/);
  assert.ok(jobs(cluster).length >= 3, "at least one was submitted again");
  console.log(`# ${jobs(cluster).length} jobs for two runs`);
});

test("a run that makes no step within its time is submitted once more, and fails with what helps", (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "2");
  if (cluster === undefined) return;
  const workspace = new SlurmWorkspace(t, cluster.env, {
    executor: { kind: "slurm", cpus: 1, time: "1", setup: ["sleep 200"] },
  });
  const { status, told } = workspace.adept(["train", "words.adept.json"]);
  assert.equal(status, 1, told);
  const [record] = workspace.records();
  assert.equal(record?.status, "failed");
  assert.match(record.message ?? "", /time limit for the second time.*executor\.time/s);
  assert.equal(jobs(cluster).length, 2);
});
