import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../src/base/errors.ts";
import { executorKind } from "../../../src/experiment/executorSpec.ts";
import { experimentsOf } from "../../../src/experiment/readExperiment.ts";
import { experimentJsonSchema } from "../../../src/experiment/jsonSchema.ts";

const file = (executor: unknown): string =>
  JSON.stringify({ name: "a", task: { kind: "mail" }, method: { kind: "adept", budget: 12800 }, executor });
const read = (executor: unknown, ...set: string[]) => experimentsOf("/w/a.adept.json", file(executor), set)[0]!;
const problem = (executor: unknown, ...set: string[]): string => {
  try {
    read(executor, ...set);
    return "";
  } catch (error) {
    assert.ok(error instanceof UserError);
    return error.message;
  }
};

test("an executor is a name, or an object with what its jobs ask for; without one it is this machine", () => {
  assert.equal(executorKind(read(undefined)), "local");
  assert.equal(executorKind(read("local")), "local");
  assert.deepEqual(read("slurm").executor, { kind: "slurm" });
  const full = { kind: "slurm", partition: "gpu", time: "2-12:00:00", gpus: 1, memory: "16G" };
  assert.deepEqual(read(full).executor, full);
});

test("one setting brings a run home, and keeps what the cluster was asked for", () => {
  const home = read({ kind: "slurm", partition: "gpu" }, "executor.kind=local");
  assert.equal(executorKind(home), "local");
  assert.equal(home.executor?.partition, "gpu");
  assert.equal(executorKind(read({ kind: "slurm" }, "executor=local")), "local");
  assert.equal(executorKind(read("local", "executor.kind=slurm")), "slurm");
});

test("wrong keys and values are named with what is right", () => {
  assert.match(problem({ kind: "slrum" }), /executor\.kind: .*"slurm"/);
  assert.match(problem({ kind: "slurm", partion: "gpu" }), /executor\.partion: unknown key. Did you mean "partition"/);
  assert.match(problem({ kind: "slurm", time: "8 hours" }), /executor\.time: .*8:00:00/);
  assert.match(problem({ kind: "slurm", memory: "lots" }), /executor\.memory: .*16G/);
  assert.match(problem({ kind: "slurm", partition: "a b" }), /executor\.partition/);
  assert.match(problem({ kind: "slurm", signal: "soon" }), /executor\.signal: .*USR1@120/);
  assert.match(problem(7), /executor: /);
});

test("the schema of experiment files offers both forms", () => {
  const { properties } = experimentJsonSchema() as { properties: Record<string, { anyOf?: { enum?: string[] }[] }> };
  assert.deepEqual(properties["executor"]?.anyOf?.[1]?.enum, ["local", "slurm"]);
});
