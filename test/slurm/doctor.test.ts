import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SlurmWorkspace } from "./slurmWorkspace.ts";
import { startCluster } from "./testCluster.ts";

interface Told {
  what: string;
  ok: boolean;
  detail: string;
  fix?: string;
}

test("doctor tells of the cluster, and by a test job of its node; it leaves nothing behind", (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "2", "--gpus", "1");
  if (cluster === undefined) return;
  const workspace = new SlurmWorkspace(t, cluster.env, {});
  const { status, out, told } = workspace.adept(["doctor", "--slurm-job", "--json"]);
  assert.equal(status, 0, told);
  const found = new Map((JSON.parse(out) as Told[]).map((each) => [each.what, each]));
  const says = (what: string, detail: RegExp, ok = true): void => {
    assert.equal(found.get(what)?.ok, ok, what);
    assert.match(found.get(what)?.detail ?? "", detail);
  };
  says("Slurm", /^slurm\S* \d+\.\d+/);
  says("Slurm: controller", /answers in \d+ ms/);
  says("Slurm: partitions", /main\* \(up, at most infinite, 1 nodes of 2 cores and 3000 MB, gpu:fake:1\)/);
  says("Slurm: limits", /arrays of at most 1001 runs, KillWait 5 s, PreemptMode REQUEUE.*no accounting/);
  says("Slurm: this machine", /a login node/);
  // A test's nodes share the folder of one machine.
  assert.match(found.get("Slurm: folder")?.detail ?? "", /is on \w+/);
  says("Slurm job: Node", new RegExp(`^${process.version} on n1, glibc`));
  says("Slurm job: engine", /loaded/);
  says("Slurm job: folder", /sees this folder/);
  says("Slurm job: clock", /^\d+ s apart/);
  says("Slurm job: scontrol", /requeue/);
  assert.deepEqual(
    readdirSync(join(workspace.folder, ".adept/slurm")).filter((name) => name.startsWith("probe")),
    [],
  );
  assert.equal(cluster.run("squeue", "-h"), "");

  const setup = ["echo no such module >&2", "exit 1"];
  const broken = new SlurmWorkspace(t, cluster.env, {});
  broken.groupDefaults({ setup });
  const answer = JSON.parse(broken.adept(["doctor", "--slurm-job", "--json"]).out) as Told[];
  assert.match(answer.find(({ what }) => what === "Slurm job")?.detail ?? "", /gave no answer: no such module/);

  const without = workspace.adept(["doctor", "--json"], { PATH: "/nowhere" }).out;
  assert.match(without, /"what":"Slurm","ok":true,"detail":"none here"/);
  assert.equal(existsSync(join(workspace.folder, ".adept/runs")), false);
});
