import assert from "node:assert/strict";
import { test } from "node:test";
import { fitsNodeAway, lackingIn, readNodeKinds } from "../../../src/executor/slurm/checkRequest.ts";

const KINDS = readNodeKinds(
  "main*|2|3000|(null)|idle\nmain*|8+|64000+|zen3,fast|drained*\ngpu|16|256000|zen4|mixed-\n",
);

test("the kinds of nodes: partition, cores, memory, features", () => {
  assert.deepEqual(KINDS[1], {
    partition: "main",
    isDefault: true,
    cores: 8,
    memory: 64_000,
    features: ["zen3", "fast"],
    isUp: false,
  });
  assert.equal(KINDS[2]!.isDefault, false);
});

test("what no node of the request's partitions has is found; what some node has is not", () => {
  const cases: [object, "size" | "feature" | undefined][] = [
    [{}, undefined],
    [{ memory: "62G" }, undefined],
    [{ memory: "64001" }, "size"],
    [{ memory: "64001M" }, "size"],
    [{ memory: "65536000K" }, undefined],
    [{ memory: "1T" }, "size"],
    [{ cpus: 8 }, undefined],
    [{ cpus: 9 }, "size"],
    [{ cpus: 9, partition: "gpu" }, undefined],
    [{ cpus: 9, partition: "main,gpu" }, undefined],
    [{ cpus: 9, partition: "unheard-of" }, undefined],
    [{ constraint: "zen3" }, undefined],
    [{ constraint: "zen4" }, "feature"],
    [{ constraint: "zen4", partition: "gpu" }, undefined],
    [{ constraint: "zen4|zen9" }, undefined],
  ];
  for (const [request, lacking] of cases) assert.equal(lackingIn(KINDS, request), lacking, JSON.stringify(request));
});

test("a job that only a drained node could take waits for it; one that none could take does not", () => {
  assert.equal(fitsNodeAway(KINDS, { cpus: 8 }), true);
  assert.equal(fitsNodeAway(KINDS, { cpus: 9 }), false);
  assert.equal(fitsNodeAway(KINDS, { cpus: 9, partition: "gpu" }), false);
  assert.equal(fitsNodeAway(KINDS, { constraint: "zen9" }), false);
});
