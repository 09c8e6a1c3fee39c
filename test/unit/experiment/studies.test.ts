import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { after, test } from "node:test";
import { experimentsOf } from "../../../src/experiment/readExperiment.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const FOLDERS = ["examples/study", "examples/study/openQuestion"];
const FILES = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".adept.json"))
    .map((name) => join(folder, name)),
);

/** How many runs the files of the studies describe; who changes one states it anew. */
const RUNS: Readonly<Record<string, number>> = {
  "examples/study/fewShot.adept.json": 100,
  "examples/study/latency.adept.json": 10,
  "examples/study/rates.adept.json": 20,
  "examples/study/ratesWider.adept.json": 19,
  "examples/study/small.adept.json": 4,
  "examples/study/tasks.adept.json": 100,
  "examples/study/tuned.adept.json": 25,
  "examples/study/openQuestion/gsm8k.adept.json": 15,
  "examples/study/openQuestion/gsm8kPeers.adept.json": 6,
};

/** A folder with what the studies' files name; what is in it is not read. */
const folder = mkdtempSync(join(tmpdir(), "adept-studies-"));
for (const task of ["sst2", "trec", "scitail", "gsm8k"]) {
  mkdirSync(join(folder, "data", task), { recursive: true });
  for (const split of ["train", "validation", "test"]) writeFileSync(join(folder, "data", task, `${split}.jsonl`), "");
}
mkdirSync(join(folder, "smollm2"));
after(() => {
  rmSync(folder, { recursive: true });
});

for (const file of FILES)
  test(`${file} can be read, and its runs have names of their own`, () => {
    const runs = experimentsOf(join(folder, basename(file)), readFileSync(join(ROOT, file), "utf8"), []);
    assert.equal(new Set(runs.map(({ name }) => name)).size, runs.length);
    if (RUNS[file] !== undefined) assert.equal(runs.length, RUNS[file]);
  });

test("the study's files are looked at", () => {
  for (const file of Object.keys(RUNS)) assert.ok(FILES.includes(file), file);
});
