import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { RunRecord } from "../../src/record/record.ts";
import { tinyGguf, tinyGgufParts } from "../unit/backbone/ggufLlama.ts";
import { GgufWorkspace } from "./ggufWorkspace.ts";
import { removeWorkspace } from "./removeWorkspace.ts";

// A GGUF file as an input of a run in a git repository.

function workspace(t: TestContext, ignored: string): GgufWorkspace {
  const place = new GgufWorkspace();
  t.after(() => removeWorkspace(place.folder));
  place.repository(ignored);
  return place;
}
const TRAIN = ["train", "words.adept.json"] as const;
const record = (place: GgufWorkspace): RunRecord =>
  JSON.parse(place.done("runs", "show", "latest", "--json")) as RunRecord;
const stored = (place: GgufWorkspace): number => {
  const large = join(place.folder, ".git/adept/large");
  return existsSync(large) ? readdirSync(large).length : 0;
};

for (const [what, ignored, kept] of [
  ["committed", "", "commit"],
  ["ignored by git", "*.gguf\n", "store"],
] as const)
  test(`a GGUF file that is ${what}: another is refused at resume, and the run is reproduced without the file`, async (t) => {
    const place = workspace(t, ignored);
    const path = join(place.folder, "model.gguf");
    await place.killedAfter(7);
    assert.equal(record(place).contents[path]?.kept, kept);
    writeFileSync(path, tinyGguf(2));
    const { status, said } = place.adept(["resume", "latest"]);
    assert.equal(status, 1, said);
    assert.ok(said.includes(`${path} is no longer what the run began with`), said);
    writeFileSync(path, tinyGguf(1));
    place.done("resume", "latest");
    assert.equal(stored(place), kept === "store" ? 1 : 0);
    rmSync(path);
    rmSync(place.cache, { recursive: true });
    assert.match(place.done("runs", "reproduce", "latest"), /^the same to the byte/);
  });

test("of a GGUF file of more than 1 GB that git lacks, only name and size are recorded; another size is refused", async (t) => {
  const place = workspace(t, "*.gguf\n");
  const path = join(place.folder, "model.gguf");
  const { size } = statSync(path);
  // A hole of 3 GB behind the tensors.
  truncateSync(path, 3 * 2 ** 30);
  const began = performance.now();
  await place.killedAfter(3);
  assert.ok(performance.now() - began < 60_000);
  const content = record(place).contents[path]!;
  assert.deepEqual([content.kept, content.why, content.bytes], ["none", "many", 3 * 2 ** 30]);
  assert.equal(stored(place), 0);
  truncateSync(path, size);
  const { status, said } = place.adept(["resume", "latest"]);
  assert.equal(status, 1, said);
  assert.ok(said.includes(`${path} is no longer the model that the run began with, of ${3 * 2 ** 30} bytes`), said);
  truncateSync(path, 3 * 2 ** 30);
  place.done("resume", "latest");
  assert.match(place.done("runs", "reproduce", "latest"), /same/);
});

test("a GGUF model in several files that git lacks is recorded as one, by names and sizes", (t) => {
  const place = workspace(t, "*.gguf\n");
  const names = [1, 2].map((n) => `part-0000${n}-of-00002.gguf`);
  const parts = tinyGgufParts();
  names.forEach((name, i) => {
    writeFileSync(join(place.folder, name), parts[i]!);
  });
  const [first, second] = names.map((name) => join(place.folder, name)) as [string, string];
  place.done(...TRAIN, "--set", `backbone=${names[0]}`);
  const { contents } = record(place);
  assert.deepEqual(
    [contents[first]?.why, contents[first]?.bytes],
    ["many", statSync(first).size + statSync(second).size],
  );
  assert.match(place.done("runs", "reproduce", "latest"), /same/);
});
