import assert from "node:assert/strict";
import { test } from "node:test";
import { madeJobs } from "../madeJobs.ts";
import { SlurmWorkspace, slowSteps, unbroken } from "../slurmWorkspace.ts";
import { startCluster } from "../testCluster.ts";

const STEPS = 120;
const training = { steps: STEPS, evaluateEvery: STEPS, checkpointEvery: STEPS };
/** More than a time limit in all. */
const setup = slowSteps(550);

test("runs of several time limits are requeued by their own jobs, and have the bytes of unbroken ones", async (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "2");
  if (cluster === undefined) return;
  const experiment = {
    seeds: [0, 1],
    training,
    // Slurm looks twice a minute, and sends the signal 20 to 50 s after the start.
    executor: { kind: "slurm", cpus: 1, time: "1", signal: "USR1@10", setup },
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
  assert.equal(madeJobs(cluster).length, 2);
  console.log(
    `# restarts: ${far
      .records()
      .map(({ place }) => place?.restart)
      .join(", ")}`,
  );
});
