import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { CLI, ended, env, kill, until, Workspace, type Said } from "../campaign/workspace.ts";
import { readOnly } from "./readOnlyFolder.ts";

/** Two finished runs and one whose worker is gone, in a read-only folder. */
async function project(
  t: TestContext,
  withRuns: boolean,
): Promise<{ folder: string; ids: string[]; out: string; adept: (...args: string[]) => Said } | undefined> {
  const place = Workspace.make("pt");
  const { folder } = place;
  const out = mkdtempSync(join(tmpdir(), "adept-elsewhere-"));
  if (withRuns) {
    for (let i = 0; i < 2; i++) assert.equal((await place.adept("train", "words.adept.json", "--json")).status, 0);
    // It is still at work when it is killed, however busy the machine is.
    const child = place.start("cli", "train", "words.adept.json", "--set", "training.steps=4000");
    const isAtWork = (): boolean =>
      place.run?.record().status === "running" && (place.run.record().checkpointStep ?? 0) >= 3;
    assert.ok(await until(isAtWork));
    kill(child.pid);
    kill(place.run!.workerPid);
    await ended(child);
  }
  const ids = withRuns ? readdirSync(place.runsDir).sort() : [];
  const way = readOnly(folder);
  t.after(() => {
    if ("leave" in way) way.leave();
    for (const each of [folder, out]) rmSync(each, { recursive: true, force: true });
  });
  if ("reason" in way && process.env["ADEPT_REQUIRE_WALLS"] === "1")
    throw new Error(`ADEPT_REQUIRE_WALLS is set: ${way.reason}`);
  if ("reason" in way) {
    t.skip(way.reason);
    return undefined;
  }
  const adept = (...args: string[]): Said => {
    const [command = "", ...rest] = [...way.before, process.execPath, CLI, ...args];
    const { status, stdout, stderr } = spawnSync(command, rest, {
      cwd: folder,
      env,
      encoding: "utf8",
      timeout: 60_000,
    });
    return { status: status ?? -1, stdout, stderr };
  };
  return { folder, ids, out, adept };
}

type Adept = (...args: string[]) => Said;

/** Checks that a command succeeds and prints what it should. */
function mustRead(adept: Adept, args: string[], says: RegExp): void {
  const { status, stdout, stderr } = adept(...args);
  assert.equal(status, 0, `${args.join(" ")}: ${stderr}`);
  assert.match(stdout, says, args.join(" "));
  assert.doesNotMatch(stderr, /\n {4}at /, args.join(" "));
}

/** Checks that a command is refused soon, with a message that says what to do. */
function mustRefuse(adept: Adept, args: string[]): void {
  const from = performance.now();
  const { status, stdout, stderr } = adept(...args);
  assert.deepEqual([status, stdout], [1, ""], args.join(" "));
  assert.match(
    stderr,
    /^(run .*\n)*adept: .*(may not be written|cannot be written|read-only|permission denied).*\n.*(permissions|folder)/i,
    `${args.join(" ")}: ${stderr}`,
  );
  assert.doesNotMatch(stderr, /\n {4}at /);
  assert.ok(performance.now() - from < 10_000, `${args.join(" ")} takes its time`);
}

test("in a read-only folder runs can be listed, shown, compared, checked, reported, used and exported elsewhere", async (t) => {
  const opened = await project(t, true);
  if (opened === undefined) return;
  const {
    folder,
    ids: [first = "", second = "", lost = ""],
    out,
    adept,
  } = opened;
  const before = readdirSync(folder, { recursive: true }).map(String).sort();
  const reads: [args: string[], says: RegExp][] = [
    [["runs", "list"], new RegExp(`${lost}[^]*${second}[^]*${first}`)],
    [["runs", "show", first], /"status": "finished"/],
    [["runs", "show", lost], /"status": "running"/],
    [["compare", first, second], /test accuracy/],
    [["runs", "diff", first, second], /^/],
    [["runs", "check", first], /1 runs checked, 0 with/],
    [["queue", "list"], /0 waiting/],
    [["report", first, second, "--out", join(out, "report.html")], /report\.html/],
    [["predict", first, "river"], /./],
    [["export", first, "--out", join(out, "adapter")], /adapter/],
    [["export", first, "--out", join(out, "folded"), "--folded"], /folded/],
  ];
  for (const [args, says] of reads) mustRead(adept, args, says);
  assert.match(
    adept("runs", "list").stderr,
    new RegExp(`run ${lost}: its worker is gone, which cannot be recorded: .* may not be written`),
  );
  assert.deepEqual(
    readFileSync(join(out, "adapter/adapter_model.safetensors")),
    readFileSync(join(folder, ".adept/runs", first, "adapter/adapter_model.safetensors")),
  );
  assert.ok(
    existsSync(join(out, "folded/folded_input.safetensors")) || existsSync(join(out, "folded/model.safetensors")),
  );
  const writes = [
    ["train", "words.adept.json"],
    ["train", "words.adept.json", "--queue"],
    ["resume", lost],
    ["stop", lost],
    ["analyse", first],
    ["runs", "delete", first],
    ["runs", "branch", first, "mine"],
    ["export", first, "--out", "here"],
  ];
  for (const args of writes) mustRefuse(adept, args);
  assert.deepEqual(readdirSync(folder, { recursive: true }).map(String).sort(), before);
});

test("a first run in a read-only folder is refused at once, and can be created elsewhere", async (t) => {
  const opened = await project(t, false);
  if (opened === undefined) return;
  const { folder, out, adept } = opened;
  for (const args of [
    ["train", "words.adept.json"],
    ["train", "words.adept.json", "--queue"],
  ]) {
    const { status, stderr } = adept(...args);
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^adept: .*\.adept\/runs may not be written\nChange the permissions of its folder, or keep the runs in another, with --runs-dir\.\n$/,
    );
  }
  assert.deepEqual(adept("runs", "list"), { status: 0, stdout: "", stderr: "" });
  assert.equal(existsSync(join(folder, ".adept")), false);
  const { status, stderr } = adept("train", "words.adept.json", "--runs-dir", join(out, "deep/er/runs"), "--json");
  assert.equal(status, 0, stderr);
  assert.match(stderr, /git skipped: .*\.git\/adept.* may not be written/);
});
