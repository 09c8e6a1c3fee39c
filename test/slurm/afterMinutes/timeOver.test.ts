import assert from "node:assert/strict";
import { test } from "node:test";
import { madeJobs } from "../madeJobs.ts";
import { SlurmWorkspace, slowSteps, unbroken } from "../slurmWorkspace.ts";
import { startCluster } from "../testCluster.ts";

const STEPS = 120;
const training = { steps: STEPS, evaluateEvery: STEPS, checkpointEvery: STEPS };
/** More than a time limit in all. */
const setup = slowSteps(550);

test("without scontrol on the node, and without a signal, the run is submitted again and has the same bytes", async (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "2");
  if (cluster === undefined) return;
  const asks = (more: object): SlurmWorkspace =>
    new SlurmWorkspace(t, cluster.env, {
      training,
      executor: { kind: "slurm", cpus: 1, time: "1", ...more },
    });
  const bare = asks({ signal: "USR1@10", setup: [...setup, "export PATH=/nowhere"] });
  const unwarned = asks({ signal: "none", setup });
  const answers = [bare, unwarned].map((each) => each.start(["train", "words.adept.json"]).answer);
  const near = unbroken(t, cluster.env, { training });
  for (const [i, workspace] of [bare, unwarned].entries()) {
    const { status, told } = await answers[i]!;
    assert.equal(status, 0, told);
    const [record] = workspace.records();
    assert.deepEqual([record?.status, record?.interruptions, record?.place?.restart], ["finished", 0, 0]);
    assert.ok(workspace.adapters()[0]!.equals(near[0]!));
  }
  assert.match(bare.adept(["logs"]).out, /not requeued: .*no command scontrol/);
  assert.ok(madeJobs(cluster).length >= 3, "at least one was submitted again");
  console.log(`# ${madeJobs(cluster).length} jobs for two runs`);
});
