import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { countedCommand } from "./otherCommand.ts";
import { SlurmWorkspace, slowSteps } from "./slurmWorkspace.ts";
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

const MINUTE = 60_000;
const seenPath = ({ folder }: SlurmWorkspace): string => join(folder, ".adept/slurm/seen.json");

/** Has all that was seen of jobs which are missing happen so long ago as they are looked for, and more. */
function letTimePass(workspace: SlurmWorkspace): void {
  const path = seenPath(workspace);
  const seen = JSON.parse(readFileSync(path, "utf8")) as { at: number; tasks: Record<string, { missing?: object }> };
  const at = Date.now() - 6 * MINUTE;
  for (const task of Object.values(seen.tasks)) if (task.missing !== undefined) task.missing = { since: at, looks: 3 };
  writeFileSync(path, JSON.stringify({ ...seen, at }));
}

test("Slurm forgets a job that said nothing, and keeps no accounts: the run is unknown, then submitted again, three times at most", async (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "1", "--min-job-age", "2");
  if (cluster === undefined) return;
  const setup = ["echo no licence >&2", "exit 3"];
  const workspace = new SlurmWorkspace(t, cluster.env, { poll: 1, executor: { kind: "slurm", setup } });
  const { env, calls } = countedCommand(workspace, cluster, "sbatch");
  assert.equal(workspace.adept(["train", "words.adept.json", "--detach"], env).status, 0);
  const forgotten = (): Promise<void> =>
    until(() => cluster.run("squeue", "-h", "-t", "all") === "", "Slurm has forgotten the job", 60);
  for (let jobs = 1; jobs <= 3; jobs++) {
    await forgotten();
    // What squeue said before it forgot the job would tell what became of it.
    rmSync(seenPath(workspace), { force: true });
    assert.match(
      workspace.adept(["queue", "list"], env).out,
      /unknown: Slurm lists job \d+ no more and its worker is silent; in [1-5] min .* submitted again; adept logs/,
    );
    assert.equal(workspace.records()[0]?.status, jobs === 1 ? "queued" : "interrupted");
    // One call more asks whether Slurm would take it.
    assert.equal(calls(), jobs + 1);
    letTimePass(workspace);
    workspace.adept(["queue", "list"], env);
  }
  const [record] = workspace.records();
  assert.deepEqual([record?.status, calls()], ["failed", 4]);
  assert.match(record?.message ?? "", /knows no such job.*as those before it.*adept logs.*adept resume/);
  assert.equal(workspace.adept(["logs"]).out.match(/no licence/g)?.length, 3);
});

test("the controller loses all that it knew while runs are at work: they stay at work as long as their workers live", async (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "2");
  if (cluster === undefined) return;
  const steps = 200;
  const workspace = new SlurmWorkspace(t, cluster.env, {
    seeds: [0, 1],
    poll: 1,
    training: { steps, evaluateEvery: steps, checkpointEvery: 20 },
    executor: { kind: "slurm", cpus: 1, time: "30", setup: slowSteps(200) },
  });
  const { env, calls } = countedCommand(workspace, cluster, "sbatch");
  assert.equal(workspace.adept(["train", "words.adept.json", "--detach"], env).status, 0);
  for (const i of [0, 1]) await workspace.untilStep(i, { restart: 0, after: 20 });
  // Without its daemon the node tells the new controller nothing of its jobs, which would end them.
  cluster.node("n1", "crash");
  cluster.node("slurmctld", "kill");
  for (const name of readdirSync(join(cluster.folder, "ctld")))
    rmSync(join(cluster.folder, "ctld", name), { recursive: true });
  cluster.node("slurmctld", "start");
  await until(() => cluster.run("squeue", "-h", "-t", "all") === "", "the controller answers, and knows no job", 30);
  const look = (): string => workspace.adept(["queue", "list"], env).out;
  for (const after of [() => undefined, () => letTimePass(workspace)]) {
    after();
    assert.equal(look().match(/on n1, Slurm lists job \d+_\d no more, its worker gives signs of life/g)?.length, 2);
    assert.deepEqual(
      workspace.records().map(({ status }) => status),
      ["running", "running"],
    );
  }
  // One of them dies; nothing but its silence tells of it.
  const [silent, alive] = workspace.runs();
  process.kill(Number(cluster.run("pgrep", "-f", `task ${workspace.folder}/.adept/slurm/[^ ]* 0 `)), "SIGKILL");
  const lease = join(silent!.path, "lease");
  assert.ok(existsSync(lease));
  const before = (Date.now() - 11 * MINUTE) / 1000;
  utimesSync(lease, before, before);
  // It is looked for from now on.
  rmSync(seenPath(workspace));
  assert.match(look(), /unknown: Slurm lists job \d+_0 no more and its worker is silent/);
  assert.match(workspace.adept(["stop", silent!.id], env).out, /stopped/);
  await until(() => alive!.record().status === "finished", "the other one finishes");
  assert.deepEqual(
    workspace.records().map((record) => [record.status, record.interruptions, record.place?.restart]),
    [
      ["stopped", 0, 0],
      ["finished", 0, 0],
    ],
  );
  assert.equal(calls(), 2);
});
