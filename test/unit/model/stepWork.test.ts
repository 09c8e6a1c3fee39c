import assert from "node:assert/strict";
import { test } from "node:test";
import { add, gather, matmul, reshape, slice } from "../../../src/graph/ops.ts";
import { input, weight } from "../../../src/graph/value.ts";
import { operationsOf, stepWork, typicalWork } from "../../../src/model/speed/stepWork.ts";
import { frozenSpeed, secondsOf } from "../../../src/model/speed/workSpeed.ts";

const x = input("x", ["B", 8]);
const large = weight("large", [32, 8]);
const small = weight("small", [8, 8]);

test("products count multiply-adds and what they read, by whether a side is frozen; other operations count bytes", () => {
  const hidden = matmul(x, large, { transB: true });
  const back = matmul(hidden, large);
  const scores = matmul(back, back, { transB: true });
  const gram = matmul(x, back, { transA: true });
  const outputs = { scores, gram, sum: add(back, x), flat: reshape(back, [8, "B"]) };
  const B = 3;
  assert.deepEqual(stepWork(operationsOf(outputs), { B }), {
    frozen: 2 * B * 8 * 32,
    read: 2 * 8 * 32,
    free: B * B * 8 + 8 * 8 * B,
    moved: 4 * 3 * B * 8,
    operations: 5,
  });
});

test("an operation that picks moves what it picks, not its whole table", () => {
  const ids = input("ids", ["B"], "int32");
  const outputs = { rows: gather(weight("table", [1000, 8]), ids), part: slice(x, 1, 0, 2) };
  assert.equal(stepWork(operationsOf(outputs), { B: 5 }).moved, 2 * 4 * (5 * 8 + 5 * 2));
});

test("the typical matrix is that of the shape with the most work, though another matrix is larger", () => {
  const [other, last] = [weight("other", [8, 8]), weight("last", [8, 8])];
  const chain = [small, other, last].reduce((made, each) => matmul(made, each), matmul(x, small));
  // One product of few rows with a larger matrix.
  const head = matmul(slice(chain, 0, 0, 1), large, { transB: true });
  const free = matmul(chain, chain, { transA: true });
  const { frozen, free: found } = typicalWork(operationsOf({ head, free }), { B: 6 });
  assert.deepEqual([frozen?.matrix.shape, frozen?.rows], [[8, 8], 6]);
  assert.deepEqual(found, { left: [6, 8], right: [6, 8], transA: true, transB: false });
});

test("a graph without frozen matrices has no typical one", () => {
  assert.equal(typicalWork(operationsOf({ y: matmul(x, input("w", [8, 8])) }), { B: 2 }).frozen, undefined);
});

test("times by many and by few rows tell what a multiply-add takes from what a matrix takes once", () => {
  const values = 1000;
  const time = (rows: number) => ({ rows, seconds: values * (rows * 2e-9 + 30e-9) });
  const { frozen, read } = frozenSpeed(time(128), time(16), values);
  assert.ok(Math.abs(frozen - 2e-9) < 1e-15 && Math.abs(read - 30e-9) < 1e-14, `${frozen} ${read}`);
});

test("times that disagree by chance give no negative speed", () => {
  assert.deepEqual(frozenSpeed({ rows: 100, seconds: 1 }, { rows: 10, seconds: 2 }, 10), { frozen: 1e-3, read: 0 });
  assert.deepEqual(frozenSpeed({ rows: 1, seconds: 1 }, { rows: 1, seconds: 1.1 }, 10), { frozen: 0.1, read: 0 });
  assert.equal(frozenSpeed({ rows: 100, seconds: 10 }, { rows: 10, seconds: 0.5 }, 1).read, 0);
});

test("seconds are the sum over kinds of work; copies share the cores but each starts its own operations", () => {
  const work = { frozen: 10, read: 20, free: 30, moved: 40, operations: 50 };
  const speed = { frozen: 1, read: 0.1, free: 2, moved: 0.5, operations: 0.4 };
  assert.equal(secondsOf(work, speed), 10 + 2 + 60 + 20 + 20);
  assert.equal(secondsOf(work, speed, 2), 10 + 2 + 60 + 20 + 10);
});
