import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { keptCopies, pruneCopies } from "../../../src/backbone/files/keptCopies.ts";
import { finished } from "../../../src/backbone/files/copySteps.ts";
import { ggufFolder } from "../../../src/backbone/gguf/ggufFolder.ts";
import { copyWeights } from "../../../src/backbone/openBackbone.ts";
import { tinyGguf } from "./ggufLlama.ts";

const scratch = mkdtempSync(join(tmpdir(), "adept-kept-"));
const cache = join(scratch, "cache");
process.env["ADEPT_CACHE"] = cache;
const weights = join(cache, "weights");
const path = join(scratch, "a, b.gguf");
after(() => {
  rmSync(scratch, { recursive: true });
});
beforeEach(() => {
  rmSync(cache, { recursive: true, force: true });
  writeFileSync(path, tinyGguf(1));
  finished(copyWeights(ggufFolder(path), "int8"));
});

const HOUR = 3600_000;
const later = Date.now() + 13 * HOUR;
const names = (): string[] => readdirSync(weights).sort();

test("copies stay while their model is as it was, however old they are", () => {
  const before = names();
  assert.equal(before.filter((name) => name.endsWith(".safetensors")).length, 2);
  assert.deepEqual(
    keptCopies(later).filter(({ isStale }) => isStale),
    [],
  );
  pruneCopies(later * 2);
  assert.deepEqual(names(), before);
});

test("when the model is gone, all that was made of it goes, copies of copies too; not while it may be in use", () => {
  rmSync(path);
  const before = names();
  pruneCopies(Date.now() + 11 * HOUR);
  assert.deepEqual(names(), before);
  pruneCopies(later);
  assert.deepEqual(names(), []);
});

test("when the model has changed, its old copies go, and those of the new one stay", () => {
  const old = names();
  rmSync(path);
  writeFileSync(path, tinyGguf(2));
  finished(copyWeights(ggufFolder(path), "fp32"));
  const own = names().filter((name) => !old.includes(name));
  assert.equal(own.filter((name) => name.endsWith(".safetensors")).length, 1);
  pruneCopies(later);
  assert.deepEqual(names(), own);
});

test("what an older version made, which does not say of what, stays", () => {
  for (const name of names().filter((each) => each.endsWith(".hash")))
    writeFileSync(join(weights, name), readFileSync(join(weights, name), "utf8").slice(0, 64));
  const copies = names().filter((name) => name.endsWith(".safetensors"));
  rmSync(path);
  pruneCopies(later);
  assert.deepEqual(
    names().filter((name) => name.endsWith(".safetensors")),
    copies,
  );
});

test("a copy that two models share stays while one of them is there", () => {
  const other = join(scratch, "other.gguf");
  renameSync(path, other);
  finished(copyWeights(ggufFolder(other), "fp32"));
  writeFileSync(path, tinyGguf(2));
  pruneCopies(later);
  assert.equal(names().filter((name) => name.endsWith("-gguf.safetensors")).length, 1);
});

test("using a copy says so: after that it is kept for some time although its model is gone", () => {
  const long = (Date.now() - 100 * HOUR) / 1000;
  for (const name of names()) utimesSync(join(weights, name), long, long);
  finished(copyWeights(ggufFolder(path), "fp32"));
  rmSync(path);
  pruneCopies();
  assert.equal(names().filter((name) => name.endsWith("-gguf.safetensors")).length, 1, names().join());
});
