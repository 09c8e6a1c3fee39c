import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { forecastInWorker } from "../../src/executor/workerJobs.ts";
import { UserError } from "../../src/base/errors.ts";
import { readParquet } from "../../src/task/rows/parquetProcess.ts";
import { ended, kill, until } from "../campaign/workspace.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const WORKER = join(ROOT, "dist/worker.js");
const BUSY = pathToFileURL(join(import.meta.dirname, "busy.mjs")).href;
/** How a window or a job starts a helper process; `host`: the bundle that the window loads. */
const STARTS: Readonly<Record<string, string>> = {
  compare: "host.compareInWorker(place, [folder, folder], never)",
  forecast: "host.forecastInWorker(place, folder + '/words.adept.json', never)",
  explain: "host.explainInWorker(place, { runPath: folder, texts: ['a'] }, never)",
  export: "host.exportInWorker(place, { runPath: folder, out: folder + '/out', folded: false }, never)",
  download:
    "host.downloadInWorker(place, { name: 'some/model', out: folder + '/model' }, { signal: never, onProgress: () => {} })",
  tokens:
    "new host.TokenWorker({ workerPath: place.workerPath, nodePath: place.nodePath, onLog: () => {} }).open(folder)",
  "a Parquet file": `import(${JSON.stringify(pathToFileURL(join(ROOT, "src/task/rows/parquetProcess.ts")).href)}).then(({ readParquet }) => readParquet(folder + '/x.parquet', 1))`,
  "a device's step": `import(${JSON.stringify(pathToFileURL(join(ROOT, "src/worker/device/measureDevice.ts")).href)}).then(({ measureDevice }) => measureDevice({ engine: {} }, 'cpu', { workerPath: place.workerPath }))`,
};

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A zombie: a process that has ended and whose parent has not waited for it.
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return process.platform !== "linux";
  }
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "adept-orphans-"));
  mkdirSync(join(folder, "busy"));
  t.after(() => {
    for (const pid of readdirSync(join(folder, "busy")).map(Number)) kill(pid);
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

for (const [what, start] of Object.entries(STARTS)) {
  test(`${what}: a helper that is busy ends when whoever started it is killed`, async (t) => {
    const folder = folderOf(t);
    const busy = (): number[] => readdirSync(join(folder, "busy")).map(Number);
    const script = `const host = require(${JSON.stringify(join(ROOT, "dist/host.cjs"))}), folder = process.argv[1], never = new AbortController().signal, place = { workerPath: ${JSON.stringify(WORKER)}, nodePath: process.execPath, folder }; Promise.resolve(${start}).catch(() => {}); setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ["--import", "tsx", "-e", script, folder], {
      cwd: ROOT,
      stdio: "ignore",
      env: { ...process.env, ADEPT_DEVICES: "cpu", ADEPT_BUSY: join(folder, "busy"), NODE_OPTIONS: `--import ${BUSY}` },
    });
    t.after(() => {
      kill(parent.pid);
    });
    assert.ok(await until(() => busy().length === 1, 20_000), "it has started");
    const [helper] = busy();
    await new Promise((done) => setTimeout(done, 700));
    assert.ok(isAlive(helper!), "it lives while its parent does");
    kill(parent.pid);
    await ended(parent);
    assert.ok(await until(() => !isAlive(helper!), 5000), "it is an orphan");
  });
}

/** Returns the descendants of a process. */
function below(pid: number): number[] {
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((each) => {
      try {
        return Number(readFileSync(`/proc/${each}/stat`, "utf8").split(") ").at(-1)!.split(" ")[1]) === pid;
      } catch {
        return false;
      }
    });
  return children.flatMap((child) => [child, ...below(child)]);
}

test(
  "generated code that never returns ends when the process that runs it is killed",
  { skip: process.platform !== "linux" },
  async (t) => {
    const script = `import { CodeSandbox } from ${JSON.stringify(join(ROOT, "src/task/code/codeSandbox.ts"))};
    CodeSandbox.open().then((box) => { process.stdout.write("open"); return box.passes("while True: pass", [], { seconds: 60, megabytes: 512 }); }, () => { process.stdout.write("closed"); });`;
    const parent = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const said = await new Promise((done) => {
      parent.stdout.once("data", (chunk: Buffer) => {
        done(chunk.toString());
      });
    });
    assert.ok(
      said === "open" || process.env["ADEPT_REQUIRE_WALLS"] !== "1",
      "ADEPT_REQUIRE_WALLS is set, and no walls can be made here",
    );
    if (said !== "open") {
      t.skip("no walls can be made here");
      return;
    }
    assert.ok(
      await until(
        () =>
          below(parent.pid!).some((pid) => {
            try {
              return readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("/usr/bin/python3");
            } catch {
              return false;
            }
          }),
        10_000,
      ),
    );
    const helpers = below(parent.pid!);
    kill(parent.pid);
    await ended(parent);
    t.after(() => {
      for (const pid of helpers.filter(isAlive)) kill(pid);
    });
    assert.ok(await until(() => !helpers.some(isAlive), 5000), "it is an orphan");
  },
);

test("an aborted forecast ends at once, even during a long computation", async (t) => {
  const folder = folderOf(t);
  const stop = new AbortController();
  const before = { ...process.env };
  writeFileSync(join(folder, "words.adept.json"), "{}");
  Object.assign(process.env, { ADEPT_BUSY: join(folder, "busy"), NODE_OPTIONS: `--import ${BUSY}` });
  const forecast = forecastInWorker(
    { workerPath: WORKER, nodePath: process.execPath, folder },
    join(folder, "words.adept.json"),
    stop.signal,
  );
  for (const name of ["ADEPT_BUSY", "NODE_OPTIONS"])
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  assert.ok(await until(() => readdirSync(join(folder, "busy")).length === 1, 20_000));
  stop.abort();
  await assert.rejects(forecast);
  const [helper] = readdirSync(join(folder, "busy")).map(Number);
  assert.ok(await until(() => !isAlive(helper!), 2000));
});

test("a Parquet file that takes too long is given up, and its reader ends", async (t) => {
  const folder = folderOf(t);
  const before = { ...process.env };
  writeFileSync(join(folder, "x.parquet"), "PAR1");
  Object.assign(process.env, { ADEPT_BUSY: join(folder, "busy"), NODE_OPTIONS: `--import ${BUSY}` });
  const rows = readParquet(join(folder, "x.parquet"), 1);
  for (const name of ["ADEPT_BUSY", "NODE_OPTIONS"])
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  await assert.rejects(
    rows,
    (error) => error instanceof UserError && /takes more time than a file of its size needs/.test(error.message),
  );
  const [reader] = readdirSync(join(folder, "busy")).map(Number);
  assert.ok(await until(() => !isAlive(reader!), 2000));
});
