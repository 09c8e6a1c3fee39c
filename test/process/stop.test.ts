import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { stopRun } from "../../src/executor/stopRun.ts";
import { Journal } from "../../src/run/journal/journal.ts";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { writeRun } from "../host/manyRuns.ts";
import { removeWorkspace } from "./removeWorkspace.ts";

/** Creates a run whose worker is a process that handles requests and signals as `script` says. */
async function held(
  t: TestContext,
  script: string,
): Promise<{ run: RunDirectory; worker: ChildProcess; ended: Promise<string> }> {
  const folder = mkdtempSync(join(tmpdir(), "adept-stop-"));
  const run = writeRun(join(folder, ".adept/runs"), "20260101-000000-aaaa", { steps: 2, finished: false });
  const worker = spawn(process.execPath, ["-e", `${script}; setInterval(() => {}, 50); process.stdout.write("up");`], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, CONTROL: join(run.path, "control") },
  });
  t.after(async () => {
    worker.kill("SIGKILL");
    await removeWorkspace(folder);
  });
  await new Promise((done) => {
    worker.stdout.once("data", done);
  });
  const journal = new Journal(run.path);
  journal.append({ type: "status", status: "running", pid: worker.pid! });
  journal.close();
  assert.ok(run.acquireLease(worker.pid!));
  return {
    run,
    worker,
    ended: new Promise((done) => {
      worker.once("exit", (code, signal) => {
        done(signal ?? String(code));
      });
    }),
  };
}

test("a worker that obeys the request ends by itself", async (t) => {
  const { run, ended } = await held(
    t,
    "setInterval(() => { if (require('fs').readFileSync(process.env.CONTROL, 'utf8') === 'stop') process.exit(0); }, 20)",
  );
  await stopRun(run, 3000);
  assert.equal(await ended, "0");
});

test("a worker that ignores the request gets SIGTERM when its time is over", async (t) => {
  const { run, ended } = await held(t, "process.on('SIGTERM', () => { process.exit(7); })");
  const from = Date.now();
  await stopRun(run, 400);
  assert.equal(await ended, "7");
  assert.ok(Date.now() - from >= 400, "not before");
});

test("a worker that ignores both is killed", async (t) => {
  const { run, ended } = await held(t, "process.on('SIGTERM', () => {})");
  const from = Date.now();
  await stopRun(run, 300);
  assert.equal(await ended, "SIGKILL");
  assert.ok(Date.now() - from >= 600);
});
