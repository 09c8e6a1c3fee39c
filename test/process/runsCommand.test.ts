import assert from "node:assert/strict";
import { spawnSync, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { PushedFile } from "../../src/run/git/pushPreview.ts";
import { listRuns } from "../../src/run/directory/runList.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");
const root = mkdtempSync(join(tmpdir(), "adept-runs-"));
const folder = join(root, "project");
const remote = join(root, "remote.git");
const git = (cwd: string, ...args: string[]): string =>
  execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
const path = (name: string): string => join(folder, name);
const read = (name: string): string | undefined =>
  existsSync(path(name)) ? readFileSync(path(name), "utf8") : undefined;
let id = "";

function adept(args: string[], cwd = folder): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, "runs", ...args], { cwd, encoding: "utf8" });
  return { code: status, out: stdout.trim(), err: stderr.trim() };
}
/** One JSON document on standard output, and nothing else. */
function json<T>(args: string[], { code = 0, cwd = folder } = {}): T {
  const told = adept([...args, "--json"], cwd);
  assert.equal(told.code, code, told.err);
  return JSON.parse(told.out) as T;
}

before(() => {
  mkdirSync(join(folder, "code"), { recursive: true });
  writeFileSync(
    path("data.jsonl"),
    Array.from({ length: 40 }, (_, i) =>
      JSON.stringify({ text: `word ${i % 7} of ${i % 5}`, label: i % 2 === 0 ? "yes" : "no" }),
    ).join("\n"),
  );
  writeFileSync(path("code/a.py"), "one\n");
  writeFileSync(path("code/b.py"), "two\n");
  writeFileSync(path(".npmrc"), "save-exact=true\n");
  writeFileSync(
    path("w.adept.json"),
    JSON.stringify({
      name: "words",
      task: { kind: "file", train: "data.jsonl", source: "{text}", target: "{label}" },
      method: { kind: "adept", promptLength: 2, bottleneck: 2 },
      training: { steps: 2, batchSize: 4, maxTargetLength: 3, warmup: 1, prediction: "labels" },
      engine: { threads: 1 },
    }),
  );
  git(root, "init", "-q", "--bare", remote);
  git(folder, "init", "-q", "-b", "main");
  git(folder, "remote", "add", "origin", remote);
  git(folder, "add", "-A");
  git(folder, "commit", "-q", "-m", "start");
  execFileSync(process.execPath, [CLI, "train", "w.adept.json"], { cwd: folder, stdio: "pipe" });
  id = listRuns(join(folder, ".adept/runs"))[0]!.id;
});
after(() => {
  rmSync(root, { recursive: true, force: true });
});

test("runs lists, shows, compares and exports; a word that it does not know is wrong use", () => {
  assert.deepEqual(
    [
      json<{ id: string }[]>([])[0]?.id,
      json<{ id: string }[]>(["list"])[0]?.id,
      json<{ id: string }>(["show", "latest"]).id,
    ],
    [id, id, id],
  );
  assert.equal(json<{ rows: unknown[] }>(["compare", id]).rows.length, 1);
  assert.equal(json<{ run: string }>(["export", id, "--out", join(root, "out")]).run, id);
  assert.ok(existsSync(join(root, "out/adapter_model.safetensors")));
  for (const [args, says] of [
    [["paint"], /list, show, compare, export, diff/],
    [["branch", id], /a run and a name/],
    [["restore", id], /paths or --all/],
    [["delete"], /runs that go/],
    [["push"], /runs that leave/],
    [["diff", id, "--paint"], /paint/],
  ] as const) {
    const { code, err } = adept([...args]);
    assert.equal(code, 2, err);
    assert.match(err, says);
  }
  assert.equal(adept(["diff", "nothing"]).code, 1);
});

test("diff names what differs, restore writes what is chosen, and its hint undoes it", () => {
  writeFileSync(path("code/a.py"), "edited\n");
  rmSync(path("code/b.py"));
  writeFileSync(path("data.jsonl"), "");
  assert.equal(adept(["diff", id]).out, "changed  code/a.py\ngone     code/b.py\nchanged  data.jsonl");
  assert.deepEqual(json<{ files: unknown[] }>(["diff", id, id]).files, []);
  const { out } = adept(["restore", id, "a.py", "b.py", "--runs-dir", "../.adept/runs"], join(folder, "code"));
  const [, hint = ""] = /undo with: adept runs (.*)/.exec(out) ?? [];
  assert.deepEqual(
    [read("code/a.py"), read("code/b.py"), read("data.jsonl")],
    ["one\n", "two\n", ""],
    "paths are those of the folder it was asked in",
  );
  assert.equal(adept(hint.split(" ")).code, 0);
  assert.deepEqual([read("code/a.py"), read("code/b.py")], ["edited\n", undefined]);
  assert.match(adept(["restore", id, "w.adept.json"]).err, /as the run had it/);
  assert.deepEqual(json<{ restored: string[] }>(["restore", id, "--all"]).restored, [
    "code/a.py",
    "code/b.py",
    "data.jsonl",
  ]);
  assert.deepEqual(json<{ files: string[] }>(["diff", id]).files, []);
  assert.match(adept(["restore", "--undo", "refs/adept/backup/none"]).err, /no backup/);
});

test("tag and note are told, and committed on top of the result; a tag is taken away again", () => {
  const before = git(folder, "rev-parse", `refs/adept/runs/${id}`);
  const state = [git(folder, "status", "--porcelain"), git(folder, "rev-parse", "HEAD")];
  const tagged = json<{ tags: string[]; commit: string }>(["tag", id, "#paper", "first"]);
  assert.deepEqual(
    [tagged.tags, git(folder, "rev-parse", `refs/adept/runs/${id}`), git(folder, "rev-parse", `${tagged.commit}^`)],
    [["paper", "first"], tagged.commit, before],
  );
  assert.deepEqual(json<{ tags: string[] }>(["tag", id, "--remove", "first"]).tags, ["paper"]);
  assert.match(adept(["note", id, "the one to beat"]).out, /#paper the one to beat\ncommit [0-9a-f]{40}$/);
  assert.deepEqual(
    [
      json<{ note: string; tags: string[] }>(["show", id]).note,
      git(folder, "log", "--format=%s", `${before}..refs/adept/runs/${id}`).split("\n").length,
    ],
    ["the one to beat", 3],
  );
  assert.deepEqual([git(folder, "status", "--porcelain"), git(folder, "rev-parse", "HEAD")], state);
  for (const [args, says] of [
    [["tag", id], /a run and tags/],
    [["note", id], /a run and a text/],
    [["tag", id, "x".repeat(61)], /tags/],
    [["reproduce"], /takes a run/],
  ] as const) {
    const { code, err } = adept([...args]);
    assert.deepEqual([code, says.test(err)], [2, true], err);
  }
});

test("prune shows what can go and takes it when told so", () => {
  assert.deepEqual([adept(["prune"]).out, json<{ found: unknown[] }>(["prune"]).found], ["nothing to prune", []]);
  const state = path(`.adept/runs/${id}/checkpoint/state.safetensors`);
  assert.match(
    adept(["prune", "--checkpoints"]).out,
    new RegExp(
      `^checkpoints of finished run ${id} \\(\\d+ [kM]B\\)\n1 can go, \\d+ [kM]B: adept runs prune --checkpoints --yes removes them$`,
    ),
  );
  assert.ok(existsSync(state));
  assert.match(adept(["prune", "--checkpoints", "--yes"]).out, /removed: 1, /);
  assert.ok(!existsSync(state));
  assert.deepEqual([adept(["prune", "--checkpoints"]).out, adept(["check", id]).code], ["nothing to prune", 0]);
});

test("branch makes a branch, delete takes a run and its ref away, and its hint brings both back", () => {
  const ref = git(folder, "rev-parse", `refs/adept/runs/${id}`);
  assert.equal(adept(["branch", id, "tuned"]).code, 0);
  assert.equal(git(folder, "rev-parse", "tuned"), ref);
  assert.equal(adept(["branch", id, "tuned"]).code, 1);
  const { out } = adept(["delete", id]);
  const [, hint = ""] = /with: adept runs (.*)/.exec(out) ?? [];
  assert.deepEqual([json<unknown[]>(["list"]), git(folder, "for-each-ref", "refs/adept/runs")], [[], ""]);
  assert.equal(adept(hint.split(" ")).code, 0);
  assert.deepEqual(
    [json<{ id: string }[]>(["list"])[0]?.id, git(folder, "rev-parse", `refs/adept/runs/${id}`)],
    [id, ref],
  );
});

test("push shows what would leave and needs a word; fetch brings it elsewhere", () => {
  const shown = json<{ pushed: boolean; files: PushedFile[] }>(["push", id], { code: 2 });
  assert.deepEqual(
    [shown.pushed, shown.files.find(({ path: each }) => each === ".npmrc")],
    [false, { path: ".npmrc", bytes: 16, secret: true, tracked: true }],
  );
  const held = adept(["push", id, "--yes"]);
  assert.deepEqual([held.code, /\.npmrc may hold a secret/.test(held.err), git(remote, "for-each-ref")], [1, true, ""]);
  assert.match(adept(["push", id, "--remote", "none", "--yes"]).err, /no remote "none"/);
  const pushed = adept(["push", id, "--yes", "--tracked-secrets"]);
  assert.equal(pushed.code, 0, pushed.err);
  assert.match(pushed.err, /adapter_model\.safetensors/, "what leaves is listed");
  git(folder, "push", "-q", "origin", "main");
  git(root, "clone", "-q", "-b", "main", remote, "clone");
  assert.deepEqual(json<{ came: string[] }>(["fetch"], { cwd: join(root, "clone") }).came, [id]);
  assert.match(adept(["fetch"], join(root, "clone")).out, /nothing new/);
  assert.match(adept(["fetch"], root).err, /not in a git repository/);
});
