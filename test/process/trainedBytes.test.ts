// What a run was trained on is given back byte for byte, whatever git is told to make of the files.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { parquetWriteBuffer } from "hyparquet-writer";
import type { RunRecord } from "../../src/record/record.ts";
import { listRuns } from "../../src/run/directory/runList.ts";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { removeWorkspace } from "./removeWorkspace.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");
const words = ["river", "stone", "light", "paper", "green", "seven"];
const rows = (count: number, from = 0): { text: string; label: string }[] =>
  Array.from({ length: count }, (_, i) => ({
    text: `${words[(i + from) % 6]} ${words[(i * 5 + 1) % 6]} ${i % 7}`,
    label: i % 2 === 0 ? "yes" : "no",
  }));
const csv = (count: number, end: string, from = 0): string =>
  ["text,label", ...rows(count, from).map(({ text, label }) => `${text},${label}`), ""].join(end);
const jsonl = (count: number, from = 0): string =>
  rows(count, from)
    .map((row) => `${JSON.stringify(row)}\n`)
    .join("");
const hash = (bytes: string | Buffer): string => createHash("sha256").update(bytes).digest("hex");

interface Place {
  folder: string;
  adept: (...args: string[]) => { code: number | null; out: string; errors: string };
  git: (...args: string[]) => string;
  put: (path: string, bytes: string | Buffer) => void;
  bytes: (path: string) => Buffer;
  /** Trains on three files and returns the run. */
  train: (files: { train: string; validation: string; test: string }) => RunDirectory;
}

/** A repository; `config`: settings of git. */
function repository(t: TestContext, config: Record<string, string> = {}): Place {
  const root = mkdtempSync(join(tmpdir(), "adept-bytes-"));
  const folder = join(root, "project");
  t.after(async () => {
    await removeWorkspace(folder);
    rmSync(root, { recursive: true, force: true });
  });
  mkdirSync(folder);
  const git = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.safecrlf=false", ...args], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  const adept: Place["adept"] = (...args) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { cwd: folder, encoding: "utf8" });
    return { code: status, out: stdout.trim(), errors: stderr };
  };
  const put: Place["put"] = (path, bytes) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  };
  git("init", "-q", "-b", "main");
  for (const [key, value] of Object.entries(config)) git("config", key, value);
  const train: Place["train"] = (files) => {
    const experiment = {
      name: "bytes",
      task: { kind: "file", ...files, source: "{text}", target: "{label}" },
      method: { kind: "pt", promptLength: 4 },
      training: { steps: 4, batchSize: 8, warmup: 1, evaluateEvery: 2, maxTargetLength: 3 },
      engine: { threads: 1 },
    };
    put("w.adept.json", JSON.stringify(experiment));
    git("add", "-A");
    git("commit", "-q", "-m", "start");
    const { code, errors } = adept("train", "w.adept.json");
    assert.equal(code, 0, errors);
    return listRuns(join(folder, ".adept/runs"))[0]!;
  };
  return { folder, adept, git, put, bytes: (path) => readFileSync(join(folder, path)), train };
}

/** Where the run says that each file's bytes are kept, and why not in their place. */
const kept = (run: RunDirectory, { folder }: Place): Record<string, string> =>
  Object.fromEntries(
    Object.entries(run.record().contents).map(([path, { kept, why }]) => [
      path.slice(folder.length + 1),
      why === undefined ? String(kept) : `${kept}: ${why}`,
    ]),
  );

/** Checks that the run says what each file held, gives all of them back, and can be made again with them changed. */
function givesBack(place: Place, run: RunDirectory, files: readonly string[]): void {
  const { adept, bytes, folder, put } = place;
  const was = new Map(files.map((path) => [path, bytes(path)]));
  for (const [path, held] of was)
    assert.equal(run.record().contents[join(folder, path)]?.sha256, hash(held), `the record says what ${path} held`);
  assert.equal(adept("runs", "diff", run.id).out, "", "nothing differs yet");
  for (const path of files) put(path, path.endsWith(".csv") ? csv(9, "\n", 3) : jsonl(9, 3));
  const again = adept("runs", "reproduce", run.id, "--json");
  assert.equal(again.code, 0, again.errors);
  const { reproduced } = JSON.parse(again.out) as RunRecord;
  assert.deepEqual([reproduced?.same, reproduced?.outside], [true, undefined]);
  for (const path of files) rmSync(join(folder, path));
  assert.deepEqual(
    adept("runs", "diff", run.id).out.split("\n"),
    [...files].sort().map((path) => `gone     ${path}`),
  );
  const [first, ...others] = files;
  assert.match(adept("runs", "restore", run.id, first!).out, new RegExp(`^restored {2}${first}\nundo with`));
  assert.match(adept("runs", "restore", run.id, ...others).out, /^restored/);
  for (const [path, held] of was) assert.deepEqual(bytes(path), held, `${path} is as it was read`);
  const { code, out } = adept("runs", "check", run.id);
  assert.match(out, /1 runs checked, 0 with something amiss$/);
  assert.equal(code, 0);
}

test("line ends: git's own setting converts a table with CRLF, checks one with LF out otherwise, and takes a Parquet for text", (t) => {
  const place = repository(t, { "core.autocrlf": "true" });
  const table = (at: number, key: "text" | "label"): string =>
    rows(12, at)
      .map((row) => row[key])
      .join("\r\n");
  const columns = (["text", "label"] as const).map((name) => ({
    name,
    data: rows(12, 1).map((row) => row[name] + (name === "text" ? table(1, "text").slice(0, 9) : "")),
  }));
  place.put(".gitattributes", "*.parquet text\n");
  place.put("crlf.csv", csv(60, "\r\n"));
  place.put("lf.csv", csv(12, "\n", 2));
  // A text with CRLF within, uncompressed, so that git finds a line end to convert.
  const text = columns.map((each) => ({
    ...each,
    data: each.data.map((value) => `${value} \r\n`.replace("no \r\n", "no").replace("yes \r\n", "yes")),
  }));
  place.put("t.parquet", Buffer.from(parquetWriteBuffer({ columnData: text, codec: "UNCOMPRESSED" })));
  const files = { train: "crlf.csv", validation: "lf.csv", test: "t.parquet" };
  const run = place.train(files);
  assert.deepEqual(kept(run, place), {
    "crlf.csv": "beside: converted",
    "lf.csv": "commit",
    "t.parquet": "beside: converted",
  });
  assert.match(
    run.record().gitMessage ?? "",
    /kept as read, since git makes other bytes of them: crlf\.csv, t\.parquet/,
  );
  assert.match(
    place.adept("runs", "check", run.id).out,
    /its commit has other bytes of crlf\.csv than it was trained on \(git converts its line ends.*adept-results\/inputs\/[0-9a-f]{64} has those/,
  );
  givesBack(place, run, Object.values(files));
  // What the commit has beside the files goes with it, to somebody whose git converts nothing.
  const { folder, git, bytes } = place;
  const [remote, clone] = [join(folder, "../remote.git"), join(folder, "../clone")];
  git("init", "-q", "--bare", remote);
  git("push", "-q", remote, "main", "refs/adept/runs/*:refs/adept/runs/*");
  git("clone", "-q", "-b", "main", remote, clone);
  const there = (...args: string[]) => spawnSync(process.execPath, [CLI, ...args], { cwd: clone, encoding: "utf8" });
  assert.equal(there("runs", "fetch").status, 0);
  assert.match(there("runs", "restore", run.id, "--all").stdout, /restored {2}crlf\.csv/);
  for (const path of Object.values(files)) assert.deepEqual(readFileSync(join(clone, path)), bytes(path));
  assert.match(there("runs", "check").stdout, /2 runs checked, 0 with/);
  place.put("../clone/crlf.csv", "text,label\n");
  assert.match(there("runs", "reproduce", run.id).stdout, /^the same to the byte/);
});

test("encodings and identifiers: git stores UTF-16 as UTF-8, and $Id$ without its value", (t) => {
  const place = repository(t);
  place.put(
    ".gitattributes",
    "*.csv working-tree-encoding=UTF-16 text eol=crlf\nid.jsonl ident\nlf.jsonl text eol=crlf\n",
  );
  place.put("wide.csv", Buffer.from(`\ufeff${csv(60, "\n")}`, "utf16le"));
  place.put("id.jsonl", `{"text":"$Id: of old $","label":"yes"}\n${jsonl(11)}`);
  place.put("lf.jsonl", jsonl(12, 4));
  const files = { train: "wide.csv", validation: "id.jsonl", test: "lf.jsonl" };
  const run = place.train(files);
  assert.deepEqual(kept(run, place), {
    "wide.csv": "beside: converted",
    "id.jsonl": "beside: converted",
    "lf.jsonl": "commit",
  });
  givesBack(place, run, Object.values(files));
});

test("filters: what a clean filter takes out is kept beside git, what a smudge filter gives back is not kept twice", (t) => {
  const place = repository(t, {
    "filter.lossy.clean": "tr r R",
    "filter.lossy.smudge": "cat",
    "filter.swap.clean": "tr a-z b-za",
    "filter.swap.smudge": "tr b-za a-z",
  });
  place.put(".gitattributes", "lossy.jsonl filter=lossy\nswapped.jsonl filter=swap\n");
  place.put("lossy.jsonl", jsonl(60));
  place.put("swapped.jsonl", jsonl(12, 1));
  place.put("unseen.jsonl", jsonl(9, 5));
  place.git("add", "-A");
  place.git("commit", "-q", "-m", "before");
  place.git("update-index", "--assume-unchanged", "unseen.jsonl");
  place.put("unseen.jsonl", jsonl(12, 2));
  const files = { train: "lossy.jsonl", validation: "swapped.jsonl", test: "unseen.jsonl" };
  const run = place.train(files);
  assert.deepEqual(kept(run, place), {
    "lossy.jsonl": "store: filtered",
    "swapped.jsonl": "filter: filtered",
    "unseen.jsonl": "beside: unseen",
  });
  const all = place.git("rev-list", "--objects", `refs/adept/runs/${run.id}`).split("\n");
  for (const line of all)
    assert.ok(
      hash(execFileSync("git", ["cat-file", "-p", line.split(" ")[0]!], { cwd: place.folder })) !== hash(jsonl(60)),
      "the commit does not have what the filter takes out",
    );
  givesBack(place, run, Object.values(files));
  // The bytes are lost: check names them, and the run is not made again from others.
  rmSync(join(place.folder, ".git/adept/large"), { recursive: true });
  assert.equal(place.adept("runs", "check", run.id).code, 0, "the file itself still has them");
  place.put("lossy.jsonl", jsonl(9, 3));
  const checked = place.adept("runs", "check", run.id);
  assert.equal(checked.code, 1);
  assert.match(checked.out, new RegExp(`of lossy\\.jsonl is kept nowhere \\(SHA-256 ${hash(jsonl(60))}\\): a filter`));
  const refused = place.adept("runs", "reproduce", run.id);
  assert.equal(refused.code, 1);
  assert.match(refused.errors, new RegExp(`trained on of lossy\\.jsonl \\(SHA-256 ${hash(jsonl(60))}\\)`));
});

test("links: what a link out of the repository held when it was read is recorded, kept and given back", (t) => {
  const place = repository(t);
  const { folder, put, bytes } = place;
  const outside = join(folder, "../shared.jsonl");
  writeFileSync(outside, jsonl(60));
  mkdirSync(join(folder, "../sets"));
  writeFileSync(join(folder, "../sets/dev.jsonl"), jsonl(12, 1));
  symlinkSync("../shared.jsonl", join(folder, "far.jsonl"));
  symlinkSync(join(folder, "../sets"), join(folder, "sets"));
  put("data/real.jsonl", jsonl(12, 2));
  symlinkSync("data/real.jsonl", join(folder, "near.jsonl"));
  const run = place.train({ train: "far.jsonl", validation: "sets/dev.jsonl", test: "near.jsonl" });
  assert.deepEqual(kept(run, place), {
    "far.jsonl": "store: link",
    "sets/dev.jsonl": "store: link",
    "near.jsonl": "commit",
  });
  assert.equal(place.adept("runs", "diff", run.id).out, "");
  writeFileSync(outside, jsonl(9, 3));
  rmSync(join(folder, "../sets"), { recursive: true });
  put("data/real.jsonl", jsonl(9, 4));
  const again = place.adept("runs", "reproduce", run.id);
  assert.match(again.out, /^the same to the byte/, again.errors);
  assert.equal(readFileSync(outside, "utf8"), jsonl(9, 3), "nothing was written through a link");
  assert.match(place.adept("runs", "restore", run.id, "near.jsonl").out, /^restored {2}data\/real\.jsonl\n/);
  assert.ok(lstatSync(join(folder, "near.jsonl")).isSymbolicLink());
  const { out } = place.adept("runs", "restore", run.id, "far.jsonl", "sets", "--json");
  assert.deepEqual(
    [bytes("far.jsonl"), bytes("sets/dev.jsonl"), bytes("near.jsonl")].map((each) => hash(each)),
    [jsonl(60), jsonl(12, 1), jsonl(12, 2)].map((each) => hash(each)),
  );
  assert.equal(readFileSync(outside, "utf8"), jsonl(9, 3), "what the link led to is as it was");
  place.adept("runs", "restore", "--undo", (JSON.parse(out) as { backup: string }).backup);
  assert.deepEqual(
    [lstatSync(join(folder, "far.jsonl")).isSymbolicLink(), lstatSync(join(folder, "sets")).isSymbolicLink()],
    [true, true],
  );
});

test("a run goes on only with what it began with, and says where that is", (t) => {
  const place = repository(t);
  const { adept, put, folder } = place;
  put("a.jsonl", jsonl(60));
  put("b.jsonl", jsonl(12, 1));
  const run = place.train({ train: "a.jsonl", validation: "b.jsonl", test: "b.jsonl" });
  unlinkSync(join(folder, "a.jsonl"));
  put("a.jsonl", jsonl(61));
  const refused = adept("resume", run.id);
  assert.equal(refused.code, 1);
  assert.match(refused.errors + refused.out, /a\.jsonl is no longer what the run began with \(SHA-256 [0-9a-f]{64}\)/);
  assert.match(adept("runs", "restore", run.id, "a.jsonl").out, /^restored/);
  assert.equal(adept("resume", run.id).code, 0);
  assert.ok(existsSync(run.adapterPath));
});

test("a run that starts from another run's adapter has it, even if that run is gone", (t) => {
  const place = repository(t);
  const { adept, put, folder } = place;
  put("a.jsonl", jsonl(60));
  put("b.jsonl", jsonl(12, 1));
  const first = place.train({ train: "a.jsonl", validation: "b.jsonl", test: "b.jsonl" });
  const source = JSON.stringify(`.adept/runs/${first.id}`);
  assert.equal(adept("train", "w.adept.json", "--set", `method.source=${source}`).code, 0);
  const run = listRuns(join(folder, ".adept/runs"))[0]!;
  assert.deepEqual(kept(run, place), {
    "a.jsonl": "commit",
    "b.jsonl": "commit",
    [`.adept/runs/${first.id}/adapter/adapter_config.json`]: "store: untracked",
    [`.adept/runs/${first.id}/adapter/adapter_model.safetensors`]: "store: untracked",
  });
  rmSync(first.path, { recursive: true });
  const again = adept("runs", "reproduce", run.id);
  assert.match(again.out, /^the same to the byte/, again.errors);
});
