import assert from "node:assert/strict";
import { test } from "node:test";
import { differences, type RunNumbers } from "../../study/smallNumbers.ts";

const run = (numbers: Record<string, number>, seed = 0): RunNumbers => ({ method: "adept", seed, numbers });
const kept = run({ "test loss": 0.2, "test share": 0.66, "offset between places": 0 });

test("the rounding of another processor is no difference", () => {
  const found = run({ "test loss": 0.2003, "test share": 0.68, "offset between places": 0 });
  assert.deepEqual(differences([kept], [found]), []);
});

test("another loss, another share, an offset that depends on its place, and other runs are differences", () => {
  const told = (numbers: Record<string, number>): string[] =>
    differences([kept], [run({ ...kept.numbers, ...numbers })]);
  assert.deepEqual(told({ "test loss": 0.21 }), ["adept, seed 0: test loss was 0.2, is 0.21"]);
  assert.deepEqual(told({ "test loss": 0.19 }), ["adept, seed 0: test loss was 0.2, is 0.19"]);
  assert.deepEqual(told({ "test share": 0.7 }), ["adept, seed 0: test share was 0.66, is 0.7"]);
  assert.equal(told({ "offset between places": 1e-9 }).length, 1);
  assert.equal(told({ "test loss": NaN }).length, 1);
  assert.equal(told({ another: 1 }).length, 1);
  assert.deepEqual(differences([kept], [run({}, 1)]), [
    "adept, seed 0: no such run",
    "adept, seed 1: not among the kept runs",
  ]);
});
