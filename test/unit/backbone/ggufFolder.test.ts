import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ggufFolder } from "../../../src/backbone/gguf/ggufFolder.ts";
import { ggufOf } from "../../../src/backbone/gguf/shownGguf.ts";
import { ggufPaths } from "../../../src/backbone/gguf/ggufParts.ts";
import { openBackbone } from "../../../src/backbone/openBackbone.ts";
import type { Precision } from "../../../src/engine/precisionSpec.ts";
import { tinyGguf, tinyGgufParts, writeTinyFolder } from "./ggufLlama.ts";

const scratch = mkdtempSync(join(tmpdir(), "adept-gguf-folder-"));
process.env["ADEPT_CACHE"] = join(scratch, "cache");
after(() => {
  rmSync(scratch, { recursive: true });
});
const path = join(scratch, "model.gguf");
writeFileSync(path, tinyGguf());

const FILES = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "gguf.json"];
const content = (folder: string): string[] => FILES.map((name) => readFileSync(join(folder, name), "utf8"));

test("the folder of a file is made once, and made anew where a file of it is missing or has changed", () => {
  const folder = ggufFolder(path);
  assert.equal(ggufOf(folder), path);
  const whole = content(folder);
  const { ino } = statSync(folder);
  assert.equal(ggufFolder(path), folder);
  assert.equal(statSync(folder).ino, ino);
  for (const name of FILES) {
    rmSync(join(folder, name));
    assert.equal(ggufFolder(path), folder);
    assert.deepEqual(content(folder), whole, name);
    writeFileSync(join(folder, name), whole[FILES.indexOf(name)]!.replace("e", "f"));
    assert.equal(ggufFolder(path), folder);
    assert.deepEqual(content(folder), whole, name);
  }
});

test("another file at the same path has another folder, and so has a file of which another part has changed", () => {
  const before = ggufFolder(path);
  const other = join(scratch, "other.gguf");
  writeFileSync(other, tinyGguf(2));
  renameSync(other, path);
  assert.notEqual(ggufFolder(path), before);
  writeFileSync(path, tinyGguf());
  const parts = [1, 2].map((n) => join(scratch, `part-0000${n}-of-00002.gguf`)) as [string, string];
  tinyGgufParts().forEach((bytes, i) => {
    writeFileSync(parts[i]!, bytes);
  });
  const first = ggufFolder(parts[0]);
  rmSync(parts[1]);
  writeFileSync(parts[1], tinyGgufParts(2)[1]);
  assert.notEqual(ggufFolder(parts[0]), first);
});

test("what killed processes left of converted weights is removed when weights are converted; what is being written stays", () => {
  const cache = join(scratch, "cache/weights");
  const { name, dims } = openBackbone(ggufFolder(path)).layout.weights[0]!;
  const convert = (): Float32Array => openBackbone(ggufFolder(path)).weights.read(name, dims);
  convert();
  const [made, ...others] = readdirSync(cache).filter((each) => each.endsWith("-gguf.safetensors"));
  assert.deepEqual(others, []);
  const names = [`${made!}.1.tmp`, `${made!}.2.tmp`, `another-${made!}.1.tmp`];
  for (const each of names) writeFileSync(join(cache, each), "");
  const old = Date.now() / 1000 - 3600;
  for (const each of [names[0]!, names[2]!]) utimesSync(join(cache, each), old, old);
  rmSync(join(cache, made!));
  convert();
  assert.deepEqual(
    [made!, ...names].map((each) => existsSync(join(cache, each))),
    [true, false, true, false],
  );
});

test("the files of a model are told by their names", () => {
  const folder = join(scratch, "names");
  mkdirSync(folder);
  for (const name of ["a-00001-of-00003.gguf", "a-00003-of-00003.gguf", "b-00001-of-00002.gguf", "a.gguf"])
    writeFileSync(join(folder, name), "");
  const told = (name: string): string[] => ggufPaths(join(folder, name)).map((each) => each.slice(folder.length + 1));
  assert.deepEqual(told("a.gguf"), ["a.gguf"]);
  assert.deepEqual(told("a-00001-of-00003.gguf"), ["a-00001-of-00003.gguf", "a-00003-of-00003.gguf"]);
  assert.deepEqual(told("c.gguf"), []);
  assert.deepEqual(told("c-00001-of-99999.gguf"), []);
});

test("a model's folder is no GGUF file's because it has a gguf.json", () => {
  const folder = join(scratch, "plain");
  writeTinyFolder(folder);
  for (const text of ["{", "{}", JSON.stringify({ gguf: path })]) {
    writeFileSync(join(folder, "gguf.json"), text);
    assert.equal(ggufOf(folder), undefined);
  }
  assert.equal(openBackbone(folder).weights.hasLevels, false);
});

/** All values of a model, by tensor. */
function valuesOf(folder: string, precision: Precision): Map<string, Float32Array> {
  const { layout, weights } = openBackbone(folder, { precision });
  return new Map(layout.weights.map(({ name, dims }) => [name, weights.read(name, dims)]));
}

test("a GGUF file has the values of its folder, bit for bit, also in parts and narrowed", () => {
  const folder = join(scratch, "folder");
  const [first, second] = [1, 2].map((n) => join(scratch, `whole-0000${n}-of-00002.gguf`)) as [string, string];
  const [one, other] = tinyGgufParts();
  writeFileSync(first, one);
  writeFileSync(second, other);
  writeTinyFolder(folder);
  for (const precision of ["fp32", "bf16", "fp16"] as const) {
    const expected = valuesOf(folder, precision);
    assert.ok(expected.size > 15);
    assert.deepEqual(valuesOf(ggufFolder(path), precision), expected);
    assert.deepEqual(valuesOf(ggufFolder(first), precision), expected);
  }
  assert.ok(existsSync(path));
});
