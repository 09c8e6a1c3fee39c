import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { resumeTraining } from "../../src/executor/startWorker.ts";
import { stopRun } from "../../src/executor/stopRun.ts";
import { reproduceRun } from "../../src/executor/reproduce.ts";
import { UserError } from "../../src/base/errors.ts";
import type { RunRecord } from "../../src/record/record.ts";
import { GitShare } from "../../src/run/git/gitShare.ts";
import { GitStore, openGitStore } from "../../src/run/git/gitStore.ts";
import { workTreeOf } from "../../src/run/git/gitWorkTree.ts";
import { findRun, listRuns } from "../../src/run/directory/runList.ts";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { removeWorkspace } from "./removeWorkspace.ts";

const DIST = join(import.meta.dirname, "../../dist");
const words = ["river", "stone", "light", "paper", "green", "seven"];
const data = (yes: string): string =>
  Array.from({ length: 90 }, (_, i) =>
    JSON.stringify({ text: `${words[i % 6]} ${words[(i * 5 + 1) % 6]} ${i}`, label: i % 2 === 0 ? yes : "no" }),
  ).join("\n");
const git = (folder: string, ...args: string[]): string =>
  execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();
const adept = (folder: string, ...args: string[]): string =>
  execFileSync(process.execPath, [join(DIST, "cli.js"), ...args], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
const place = (folder: string) => ({ workerPath: join(DIST, "worker.js"), nodePath: process.execPath, folder });
const runsDir = (folder: string): string => join(folder, ".adept/runs");

/** Creates a repository in `root` with an experiment on its own data, trained once from the folder `from`. */
function trained(
  t: TestContext,
  { steps = 20, from = "project", ignored = "" } = {},
): { root: string; folder: string; run: RunDirectory } {
  const root = mkdtempSync(join(tmpdir(), "adept-again-"));
  const folder = join(root, "project");
  t.after(async () => {
    await removeWorkspace(folder);
    rmSync(root, { recursive: true, force: true });
  });
  mkdirSync(join(folder, "data"), { recursive: true });
  symlinkSync(folder, join(root, "link"));
  writeFileSync(join(folder, "data/words.jsonl"), data("yes"));
  writeFileSync(join(folder, ".gitignore"), ignored);
  writeFileSync(
    join(folder, "w.adept.json"),
    JSON.stringify({
      name: "words",
      task: { kind: "file", train: "data/words.jsonl", source: "{text}", target: "{label}" },
      method: { kind: "adept", promptLength: 4, bottleneck: 6 },
      training: {
        steps,
        batchSize: 8,
        maxTargetLength: 3,
        warmup: 3,
        checkpointEvery: 5,
        prediction: "labels",
        learningRate: { prompt: 0.3 },
      },
      engine: { threads: 1 },
    }),
  );
  git(folder, "init", "-q", "-b", "main");
  git(folder, "add", "-A");
  git(folder, "commit", "-q", "-m", "start");
  // The shell passes on the folder's path with its symbolic links.
  execFileSync(process.execPath, [join(DIST, "cli.js"), "train", join(root, from, "w.adept.json")], {
    cwd: join(root, from),
    stdio: "pipe",
  });
  return { root, folder, run: listRuns(runsDir(folder))[0]! };
}

async function until(run: RunDirectory, is: (record: RunRecord) => boolean): Promise<RunRecord> {
  for (let i = 0; i < 900; i++) {
    const record = run.record();
    if (is(record)) return record;
    if (record.status === "failed") throw new Error(record.error?.message);
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`still ${run.record().status}`);
}
const again = (folder: string, run: RunDirectory) =>
  reproduceRun({ ...place(folder), runPath: run.path, runsDir: runsDir(folder) });
const finished = (run: RunDirectory): Promise<RunRecord> => until(run, ({ status }) => status === "finished");
const trees = (folder: string): string[] => [
  ...(existsSync(join(folder, ".adept/worktrees")) ? readdirSync(join(folder, ".adept/worktrees")) : []),
  ...git(folder, "worktree", "list").split("\n").slice(1),
];
const treeOf = (folder: string, commit: string | undefined): string => git(folder, "rev-parse", `${commit}^{tree}`);

test("a reproduction is itself a run: it has the original's code and paths, can be analysed, and can be reproduced", async (t) => {
  const { folder, run } = trained(t);
  const { snapshotCommit } = run.record();
  writeFileSync(join(folder, "data/words.jsonl"), data("perhaps"));
  writeFileSync(join(folder, "new.py"), "of today\n");
  const first = await again(folder, run);
  const record = await finished(first.run);
  assert.deepEqual([record.reproduced?.same, record.reproduced?.outside, first.outside], [true, undefined, []]);
  assert.deepEqual(
    { ...first.run.experiment(), name: "", reproduces: undefined },
    { ...run.experiment(), name: "", reproduces: undefined },
  );
  assert.deepEqual(
    [treeOf(folder, record.snapshotCommit), git(folder, "rev-parse", `${record.snapshotCommit}^`)],
    [treeOf(folder, snapshotCommit), snapshotCommit],
    "the code is the original's, not today's",
  );
  assert.deepEqual(trees(folder), []);
  writeFileSync(join(folder, "data/words.jsonl"), data("yes"));
  assert.match(adept(folder, "analyse", first.run.id, "ablation", "--examples", "6"), /ablation/);
  const second = await again(folder, first.run);
  assert.deepEqual(
    [(await finished(second.run)).reproduced?.same, second.run.experiment().reproduces?.run],
    [true, first.run.id],
  );
});

test("a stopped reproduction keeps its files and has no comparison yet; resumed, it ends with the same bits", async (t) => {
  const { folder, run } = trained(t, { steps: 150 });
  writeFileSync(join(folder, "data/words.jsonl"), data("perhaps"));
  const { run: other } = await again(folder, run);
  const tree = workTreeOf(other.path)!;
  await until(other, ({ lastStep }) => (lastStep?.step ?? 0) > 20);
  await stopRun(other);
  const stopped = await until(other, ({ status }) => status === "stopped");
  assert.ok(stopped.lastStep!.step < 150 && existsSync(join(tree, "data/words.jsonl")));
  assert.equal(stopped.reproduced, undefined);
  // Even if the work tree was deleted meanwhile.
  git(folder, "worktree", "remove", "--force", tree);
  resumeTraining({ ...place(folder), runPath: other.path });
  const { reproduced, warnings } = await finished(other);
  assert.deepEqual([reproduced?.same, reproduced?.steps, warnings], [true, 150, []]);
  assert.deepEqual(trees(folder), []);
});

test("a failed reproduction leaves no work tree; one whose inputs do not exist leaves nothing and names them", async (t) => {
  const { folder, run } = trained(t, { ignored: "data\n" });
  const path = join(run.path, "experiment.json");
  const text = readFileSync(path, "utf8");
  const data = join(folder, "data/words.jsonl");
  writeFileSync(path, text.replace("{text}", "{nothing}"));
  const { run: bad } = await again(folder, run);
  await assert.rejects(finished(bad), /nothing/);
  assert.deepEqual(trees(folder), []);
  writeFileSync(path, text);
  rmSync(data);
  rmSync(join(folder, ".git/adept/large"), { recursive: true });
  await assert.rejects(again(folder, run), (error) => error instanceof UserError && error.message.includes(data));
  assert.deepEqual([trees(folder), listRuns(runsDir(folder)).length], [[], 2]);
});

test("inputs that are neither in the commit nor stored are named in the result and the journal, unless unchanged", async (t) => {
  const { folder, run } = trained(t, { ignored: "data\n" });
  const path = join(folder, "data/words.jsonl");
  rmSync(join(folder, ".git/adept/large"), { recursive: true });
  const same = await again(folder, run);
  assert.deepEqual(
    [same.outside, (await finished(same.run)).reproduced?.outside, (await finished(same.run)).warnings],
    [[], undefined, []],
  );
  writeFileSync(path, data("yes").replace("river", "brook"));
  const { run: other, outside } = await again(folder, run);
  const { reproduced, warnings } = await finished(other);
  assert.deepEqual([outside, reproduced?.outside, reproduced?.same], [[path], [path], false]);
  assert.ok(warnings.some((each) => each.includes(path)));
});

test("an ignored input is stored by its SHA-256: the reproduction has it, even if it has changed or is gone", async (t) => {
  const { folder, run } = trained(t, { ignored: "data\n" });
  const path = join(folder, "data/words.jsonl");
  const { contents } = run.record();
  const { sha256 } = contents[path]!;
  assert.equal(sha256, createHash("sha256").update(data("yes")).digest("hex"));
  assert.equal(readFileSync(join(folder, ".git/adept/large", sha256), "utf8"), data("yes"));
  assert.equal(git(folder, "status", "--porcelain"), "");
  writeFileSync(path, data("perhaps"));
  const changed = await again(folder, run);
  assert.deepEqual(
    [changed.outside, (await finished(changed.run)).reproduced?.same, readFileSync(path, "utf8")],
    [[], true, data("perhaps")],
  );
  rmSync(path);
  assert.match(adept(folder, "runs", "reproduce", run.id), /^the same to the byte: run /);
  assert.deepEqual([existsSync(path), trees(folder)], [false, []]);
  // One flipped bit makes it another file, which must not be used in its place.
  const kept = join(folder, ".git/adept/large", sha256);
  const bytes = readFileSync(kept);
  bytes[5]! ^= 1;
  writeFileSync(kept, bytes);
  await assert.rejects(again(folder, run), (error) => error instanceof UserError && error.message.includes(path));
});

/**
 * Trains on a folder of data of which git has only the description.
 * @returns the run, and its training file
 */
function trainedOnFolder(t: TestContext, ignored: string): { folder: string; run: RunDirectory; file: string } {
  const { folder } = trained(t, { ignored });
  const file = join(folder, "sst/train.jsonl");
  const experiment = JSON.parse(readFileSync(join(folder, "w.adept.json"), "utf8")) as { training: object };
  const rows = (from: number, count: number): string =>
    Array.from({ length: count }, (_, i) =>
      JSON.stringify({
        text: `${words[(i + from) % 6]} ${words[(i * 5 + 1) % 6]} ${i % 7}`,
        label: i % 2 === 0 ? "positive" : "negative",
      }),
    ).join("\n");
  mkdirSync(join(folder, "sst"));
  for (const [name, text] of [
    ["train.jsonl", rows(0, 60)],
    ["validation.jsonl", rows(1, 12)],
    ["test.jsonl", rows(2, 12)],
    ["labels.txt", "two\n"],
  ] as const)
    writeFileSync(join(folder, "sst", name), text);
  git(folder, "add", "-f", "sst/labels.txt");
  git(folder, "commit", "-q", "-m", "labels");
  writeFileSync(
    join(folder, "w.adept.json"),
    JSON.stringify({ ...experiment, name: "folder", task: { kind: "named", name: "sst2", folder: "sst" } }),
  );
  adept(folder, "train", "w.adept.json");
  return { folder, run: listRuns(runsDir(folder))[0]!, file };
}

test("every file of a data folder that git lacks is stored: the reproduction has them all, even if changed or gone", async (t) => {
  const { folder, run, file } = trainedOnFolder(t, "sst/*.jsonl\n");
  const was = readFileSync(file, "utf8");
  assert.deepEqual(
    Object.keys(run.record().contents).sort(),
    ["labels.txt", "test.jsonl", "train.jsonl", "validation.jsonl"].map((name) => join(folder, "sst", name)),
  );
  writeFileSync(file, was.replaceAll("negative", "positive"));
  writeFileSync(join(folder, "sst/train.tsv"), "text\tlabel\nlater\tpositive\n");
  rmSync(join(folder, "sst/validation.jsonl"));
  const first = await again(folder, run);
  const record = await finished(first.run);
  assert.deepEqual(
    [first.outside, record.reproduced?.same, record.reproduced?.outside, record.warnings],
    [[], true, undefined, []],
  );
  rmSync(join(folder, "sst"), { recursive: true });
  assert.equal((await finished((await again(folder, first.run)).run)).reproduced?.same, true);
  assert.deepEqual([existsSync(join(folder, "sst")), trees(folder)], [false, []]);
  rmSync(join(folder, ".git/adept/large"), { recursive: true });
  await assert.rejects(again(folder, run), (error) => error instanceof UserError && error.message.includes(file));
  assert.deepEqual(trees(folder), []);
});

test("files of a folder that are no longer stored are read as they are now, and named if they have changed", async (t) => {
  const { folder, run, file } = trainedOnFolder(t, "sst/*.jsonl\n");
  rmSync(join(folder, ".git/adept/large"), { recursive: true });
  const same = await again(folder, run);
  assert.deepEqual([same.outside, (await finished(same.run)).reproduced?.same], [[], true]);
  writeFileSync(file, readFileSync(file, "utf8").replace("river", "brook"));
  const { run: other, outside } = await again(folder, run);
  const { reproduced, warnings } = await finished(other);
  assert.deepEqual([outside, reproduced?.outside, reproduced?.same], [[file], [file], false]);
  assert.ok(warnings.some((each) => each.includes(file)));
});

test("a folder with too many files to be read at a start is used as it is now, as a whole, and named", async (t) => {
  const { folder, run: small } = trainedOnFolder(t, "sst/*\n");
  const place = join(folder, "sst");
  for (let i = 0; i < 60; i++) writeFileSync(join(place, `more-${i}.txt`), "x");
  adept(folder, "train", "w.adept.json");
  const run = listRuns(runsDir(folder))[0]!;
  assert.notEqual(run.id, small.id);
  assert.deepEqual(Object.keys(run.record().contents), [place]);
  const { run: other, outside } = await again(folder, run);
  const { reproduced } = await finished(other);
  assert.deepEqual([outside, reproduced?.outside, reproduced?.same], [[place], [place], true]);
});

test("a run with narrow weights that saves memory is reproduced byte for byte", async (t) => {
  const { folder } = trained(t);
  const file = join(folder, "w.adept.json");
  writeFileSync(
    file,
    JSON.stringify({
      ...(JSON.parse(readFileSync(file, "utf8")) as object),
      name: "narrow",
      precision: "int8",
      engine: { threads: 1, memory: "spare" },
    }),
  );
  adept(folder, "train", "w.adept.json");
  const narrow = listRuns(runsDir(folder))[0]!;
  const { run: other } = await again(folder, narrow);
  const { reproduced, precision } = await finished(other);
  assert.deepEqual([narrow.record().name, reproduced?.same, precision[0]?.weights], ["narrow", true, "int8"]);
});

test("inputs outside the repository are named as well", async (t) => {
  const { root, folder } = trained(t);
  const path = join(root, "far.jsonl");
  const file = join(folder, "w.adept.json");
  const experiment = JSON.parse(readFileSync(file, "utf8")) as { task: object };
  writeFileSync(path, data("yes"));
  writeFileSync(file, JSON.stringify({ ...experiment, task: { ...experiment.task, train: path } }));
  adept(folder, "train", "w.adept.json");
  const run = listRuns(runsDir(folder))[0]!;
  writeFileSync(path, data("no way"));
  const { run: other, outside } = await again(folder, run);
  const { reproduced, warnings } = await finished(other);
  assert.deepEqual([outside, reproduced?.outside, reproduced?.same], [[path], [path], false]);
  assert.ok(warnings.some((each) => each.includes(path)));
});

test("a run is analysed and reproduced after its project has moved, also if it was opened through a symbolic link", async (t) => {
  const { root, folder, run } = trained(t, { from: "link" });
  const moved = join(root, "elsewhere");
  assert.deepEqual(run.record().sources, { [join(root, "link/data/words.jsonl")]: "data/words.jsonl" });
  renameSync(folder, moved);
  rmSync(join(root, "link"));
  const there = findRun(runsDir(moved), run.id);
  assert.match(adept(moved, "analyse", run.id, "ablation", "--examples", "6"), /ablation/);
  rmSync(join(moved, "data"), { recursive: true });
  const { run: other, outside } = await again(moved, there);
  assert.deepEqual([outside, (await finished(other)).reproduced?.same], [[], true]);
});

test("a fetched run is analysed and reproduced by somebody else", async (t) => {
  const { root, folder, run } = trained(t);
  const remote = join(root, "remote.git");
  const clone = join(root, "clone");
  git(root, "init", "-q", "--bare", remote);
  git(folder, "push", "-q", remote, "main", "refs/adept/runs/*:refs/adept/runs/*");
  git(root, "clone", "-q", "-b", "main", remote, clone);
  const store = await openGitStore(clone);
  assert.ok(store instanceof GitStore);
  await new GitShare(store).fetch("origin", runsDir(clone));
  rmSync(folder, { recursive: true });
  assert.match(adept(clone, "analyse", run.id, "ablation", "--examples", "6"), /ablation/);
  const { run: other, outside } = await again(clone, findRun(runsDir(clone), run.id));
  assert.deepEqual([outside, (await finished(other)).reproduced?.same, trees(clone)], [[], true, []]);
  assert.equal(git(clone, "status", "--porcelain"), "");
});

test("a reproduction that is cancelled before its training leaves neither run nor work tree", async (t) => {
  const { folder, run } = trained(t);
  const stop = new AbortController();
  stop.abort();
  await assert.rejects(
    reproduceRun({ ...place(folder), runPath: run.path, runsDir: runsDir(folder), signal: stop.signal }),
  );
  assert.deepEqual([listRuns(runsDir(folder)).length, trees(folder)], [1, []]);
});
