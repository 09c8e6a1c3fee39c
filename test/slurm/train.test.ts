import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SlurmWorkspace } from "./slurmWorkspace.ts";
import { startCluster } from "./testCluster.ts";

const adapters = (workspace: SlurmWorkspace): Buffer[] =>
  workspace.runs().map((run) => readFileSync(join(run.adapterPath, "adapter_model.safetensors")));

test("a sweep trains on the cluster's nodes as one array, and its adapters have the bytes of those of this machine", (t) => {
  const cluster = startCluster(t, "--nodes", "2", "--cpus", "1");
  if (cluster === undefined) return;
  const sweep = { seeds: [0, 1, 2], executor: { kind: "slurm", cpus: 1, concurrent: 2, time: "30" } };
  const far = new SlurmWorkspace(t, cluster.env, sweep);
  const { status, out, told } = far.adept(["train", "words.adept.json"]);
  assert.equal(status, 0, told);
  assert.match(out, /3 of 3 runs finished/);
  const records = far.records();
  assert.deepEqual(
    records.map(({ status }) => status),
    ["finished", "finished", "finished"],
  );
  // One array: the jobs differ in their index alone.
  assert.equal(new Set(records.map(({ place }) => place?.job.split("_")[0])).size, 1);
  assert.deepEqual(records.map(({ place }) => place?.job.split("_")[1]).sort(), ["0", "1", "2"]);
  assert.ok(records.every(({ place }) => /^n[12]$/.test(place?.node ?? "") && place?.cpu !== ""));

  const near = new SlurmWorkspace(t, cluster.env, sweep);
  assert.equal(near.adept(["train", "words.adept.json", "--set", "executor.kind=local"]).status, 0);
  assert.ok(near.records().every(({ place }) => place === undefined));
  const [here, there] = [adapters(near), adapters(far)];
  assert.deepEqual(
    here.map((bytes, i) => bytes.equals(there[i]!)),
    [true, true, true],
  );
});

test("a job that ends without a word fails its run, with the end of its output", (t) => {
  const cluster = startCluster(t, "--nodes", "1", "--cpus", "1");
  if (cluster === undefined) return;
  const setup = ["echo no module of this name >&2", "exit 3"];
  const workspace = new SlurmWorkspace(t, cluster.env, { executor: { kind: "slurm", setup } });
  const { status, told } = workspace.adept(["train", "words.adept.json"]);
  assert.equal(status, 1, told);
  const [record] = workspace.records();
  assert.equal(record?.status, "failed");
  assert.match(record?.message ?? "", /FAILED, exit code 3.*no module of this name/s);
});
