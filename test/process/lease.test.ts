import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { continueTraining, startTraining } from "../../src/executor/startWorker.ts";
import { ended, WORKER, Workspace } from "../campaign/workspace.ts";

const LEASE = join(import.meta.dirname, "../../src/run/lease/lease.ts");
const PROCESSES = 8;

/** Waits until all processes have started, takes the lease of a dead one, and ends while holding it. */
const SCRIPT = `
import { openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { takeLease } from ${JSON.stringify(LEASE)};
const folder = process.argv[1], lease = folder + "/lease";
writeFileSync(folder + "/up-" + process.pid, "");
while (readdirSync(folder).filter((name) => name.startsWith("up-")).length < ${PROCESSES}) await new Promise((done) => setTimeout(done, 5));
for (const end = Date.now() + 40000; !takeLease(lease, process.pid); ) if (Date.now() > end) process.exit(3);
try { openSync(folder + "/inside", "wx"); } catch { process.exit(4); }
await new Promise((done) => setTimeout(done, 20));
rmSync(folder + "/inside");
process.kill(process.pid, "SIGKILL");
`;

test("of eight processes that compete for a dead process's lease exactly one gets it, and no file is left over", async () => {
  const folder = mkdtempSync(join(tmpdir(), "adept-lease-"));
  try {
    writeFileSync(join(folder, "lease"), JSON.stringify({ pid: 2 ** 22 - 1, started: "1" }));
    const ends = await Promise.all(
      Array.from(
        { length: PROCESSES },
        () =>
          new Promise((done) => {
            spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", SCRIPT, folder], {
              stdio: "inherit",
              cwd: join(import.meta.dirname, "../.."),
            }).once("exit", (code, signal) => {
              done(signal ?? code);
            });
          }),
      ),
    );
    assert.deepEqual(
      ends,
      Array.from({ length: PROCESSES }, () => "SIGKILL"),
      "4: two were inside at once; 3: nobody got in",
    );
    assert.deepEqual(
      readdirSync(folder).filter((name) => !name.startsWith("up-")),
      ["lease"],
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a second worker that reaches a run after it has finished does not begin it again, whether it was to start or to resume it", async (t) => {
  const place = Workspace.make("pt");
  t.after(() => {
    place.remove();
  });
  assert.equal((await place.adept("train", "words.adept.json", "--json")).status, 0);
  const run = place.run!;
  const before = readFileSync(run.eventsPath);
  const worker = { workerPath: WORKER, nodePath: process.execPath, folder: place.folder };
  // The last one was decided on while the run was at work.
  for (const child of [
    startTraining(run, worker),
    continueTraining(run, worker, 1),
    continueTraining(run, worker, 2),
  ]) {
    child.ref();
    await ended(child);
    assert.equal(child.exitCode, 0);
    assert.ok(readFileSync(run.eventsPath).equals(before), "not a word more");
  }
});
