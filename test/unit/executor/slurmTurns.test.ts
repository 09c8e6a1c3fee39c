import assert from "node:assert/strict";
import { test } from "node:test";
import { oneAfterAnother } from "../../../src/executor/slurm/oneAfterAnother.ts";

test("work of one name is done one after the other in this process, also after one that fails", async () => {
  let atWork = 0;
  let most = 0;
  const done: number[] = [];
  const work = (i: number) => async (): Promise<number> => {
    most = Math.max(most, ++atWork);
    await new Promise((resolve) => setTimeout(resolve, 5 - i));
    atWork--;
    done.push(i);
    if (i === 1) throw new Error("fails");
    return i;
  };
  const results = await Promise.allSettled([0, 1, 2, 3].map((i) => oneAfterAnother("a", work(i))));
  assert.deepEqual([most, done], [1, [0, 1, 2, 3]]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled", "fulfilled"],
  );
  await Promise.all(["a", "b"].map((name) => oneAfterAnother(name, work(0))));
  assert.equal(most, 2);
});
