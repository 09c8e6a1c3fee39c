import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { KnownFields } from "../../../src/worker/check/knownFields.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-fields-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const row = `${JSON.stringify({ text: "the meeting about paper and stone ".repeat(10), label: "yes" })}\n`;
const large = row.repeat(20_000);

test("a data file's fields are those of its first rows: later ones are not read, compressed or not", async () => {
  const known = new KnownFields();
  writeFileSync(join(folder, "a.jsonl"), `${large}no JSON\n`);
  writeFileSync(join(folder, "a.jsonl.gz"), gzipSync(`${large}no JSON\n`));
  for (const name of ["a.jsonl", "a.jsonl.gz"])
    assert.deepEqual(await known.of(join(folder, name)), { names: ["text", "label"] }, name);
  // A first row that is longer than what is looked at.
  writeFileSync(join(folder, "long.jsonl"), `${JSON.stringify({ long: "x".repeat(1_500_000) })}\n`.repeat(2));
  assert.deepEqual(await known.of(join(folder, "long.jsonl")), { names: ["long"] });
});

test("a file is read once, errors included, and again when it has changed", async () => {
  const known = new KnownFields();
  const path = join(folder, "b.jsonl");
  writeFileSync(path, "{");
  const first = known.of(path);
  assert.ok("error" in (await first));
  assert.equal(known.of(path), first);
  writeFileSync(path, row);
  assert.deepEqual(await known.of(path), { names: ["text", "label"] });
  appendFileSync(path, '{"more": "x"}\n');
  assert.deepEqual(await known.of(path), { names: ["text", "label", "more"] });
  assert.ok("error" in (await known.of(join(folder, "none.jsonl"))));
});
