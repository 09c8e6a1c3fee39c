import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { TokenWorker } from "../../src/executor/tokenWorker.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-slow-"));
const told: string[] = [];
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
/** Answers one question after the other, each after a while; never one about the backbone "none". */
writeFileSync(
  join(folder, "tokens.js"),
  `
let last = Promise.resolve();
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, backbone } = JSON.parse(line);
  if (backbone !== "none") last = last.then(() => new Promise((done) => setTimeout(done, 500))).then(() => { process.stdout.write(JSON.stringify({ id, result: { width: id, parameters: 1, sizes: [] } }) + "\\n"); });
});`,
);
const slow = (patience: number): TokenWorker =>
  new TokenWorker({
    workerPath: join(folder, "worker.js"),
    nodePath: process.execPath,
    onLog: (line) => told.push(line),
    patience,
  });

test("answers that come one after the other are waited for, each as long as one may take; none at all is a worker lost", async (t) => {
  const worker = slow(1500);
  t.after(() => {
    worker.dispose();
  });
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => worker.sizes({ backbone: "tiny-t5", budgets: [] })),
  );
  assert.deepEqual(
    answers.map(({ width }) => width),
    [1, 2, 3, 4, 5, 6],
  );
  await assert.rejects(worker.sizes({ backbone: "none", budgets: [] }), /SIGKILL/);
  assert.deepEqual(told, []);
});

test("a worker that is ended takes nothing with it that was asked of the next", async (t) => {
  const worker = slow(5000);
  const ask = (): Promise<number> => worker.sizes({ backbone: "tiny-t5", budgets: [] }).then(({ width }) => width);
  const first = ask();
  t.after(() => {
    worker.dispose();
  });
  worker.dispose();
  assert.deepEqual(await Promise.all([first, ask(), ask(), ask()]), [1, 2, 3, 4]);
});

test("a worker that is started anew fails what it was at, and answers what comes next", async (t) => {
  const worker = slow(60_000);
  t.after(() => {
    worker.dispose();
  });
  const stuck = worker.sizes({ backbone: "none", budgets: [] });
  const { pid } = worker;
  worker.restart();
  const next = worker.sizes({ backbone: "tiny-t5", budgets: [] });
  await assert.rejects(stuck, /SIGKILL/);
  assert.equal((await next).parameters, 1);
  assert.notEqual(worker.pid, pid);
});
