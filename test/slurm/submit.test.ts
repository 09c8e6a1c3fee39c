import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SlurmWorkspace } from "./slurmWorkspace.ts";
import { startCluster, type TestCluster } from "./testCluster.ts";

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
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "1", "--max-array", "11");
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

/** A folder for PATH with an sbatch that does something else once, when it is to submit. */
function otherSbatch(workspace: SlurmWorkspace, cluster: TestCluster, once: string): NodeJS.ProcessEnv {
  const folder = join(workspace.folder, "bin");
  mkdirSync(folder);
  const real = cluster.run("which", "sbatch");
  const done = join(folder, "done");
  writeFileSync(
    join(folder, "sbatch"),
    `#!/bin/bash
real=${real}
case " $* " in *" --test-only "*) exec $real "$@" ;; esac
if [ -e '${done}' ]; then exec $real "$@"; fi
touch '${done}'
${once}
`,
  );
  chmodSync(join(folder, "sbatch"), 0o755);
  return { PATH: `${folder}:${process.env["PATH"] ?? ""}` };
}

test("an sbatch that times out has made its job all the same: it is found by its comment, and made once", (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "1");
  if (cluster === undefined) return;
  const workspace = new SlurmWorkspace(t, cluster.env, { seeds: seeds(5), executor: held() });
  const timesOut = `$real "$@" >/dev/null
echo "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation" >&2
exit 1`;
  const env = otherSbatch(workspace, cluster, timesOut);
  assert.match(workspace.adept(["train", "words.adept.json", "--detach"], env).told, /5 runs are not submitted yet/);
  assert.match(workspace.adept(["queue", "list"], env).out, /slurm: 5 waiting/);
  assert.equal(tasks(cluster).length, 5);
});

test("adept train is killed while it submits, after the job was made: its job is found, and made once", (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "1");
  if (cluster === undefined) return;
  const workspace = new SlurmWorkspace(t, cluster.env, { seeds: seeds(5), executor: held() });
  const env = otherSbatch(workspace, cluster, '$real "$@" >/dev/null\nkill -KILL $PPID');
  assert.equal(workspace.adept(["train", "words.adept.json", "--detach"], env).status, null);
  assert.match(workspace.adept(["queue", "list"], env).out, /slurm: 5 waiting/);
  assert.equal(tasks(cluster).length, 5);
});

test("what Slurm refuses is told before any run is made", (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "1");
  if (cluster === undefined) return;
  const workspace = new SlurmWorkspace(t, cluster.env, { executor: { kind: "slurm", partition: "none" } });
  const { status, told } = workspace.adept(["train", "words.adept.json"]);
  assert.equal(status, 1);
  assert.match(told, /invalid partition/i);
  assert.equal(existsSync(join(workspace.folder, ".adept/runs")), false);
});
