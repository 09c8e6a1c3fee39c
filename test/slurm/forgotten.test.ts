import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SlurmWorkspace } from "./slurmWorkspace.ts";
import { startCluster } from "./testCluster.ts";
import { until } from "./until.ts";

test("Slurm forgets jobs after seconds, and what was seen of them is torn: states are right, by the accounting", async (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "1", "--accounting", "--min-job-age", "2");
  if (cluster === undefined) return;
  const setup = ["sleep 3", "exit 3"];
  const workspace = new SlurmWorkspace(t, cluster.env, { poll: 60, executor: { kind: "slurm", setup } });
  assert.equal(workspace.adept(["train", "words.adept.json", "--detach"]).status, 0);
  await until(() => cluster.run("squeue", "-h", "-t", "all") === "", "Slurm has forgotten the job", 90);
  writeFileSync(join(workspace.folder, ".adept/slurm/seen.json"), '{"at": 1, "tas');
  workspace.adept(["queue", "list"]);
  const [record] = workspace.records();
  assert.equal(record?.status, "failed");
  assert.match(record.message ?? "", /FAILED, exit code 3/);
});
