import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileEnd, textEnd } from "../../../src/base/files/fileEnd.ts";

test("the end of a file begins with a whole line, and says how many bytes are before it", () => {
  const folder = mkdtempSync(join(tmpdir(), "adept-end-"));
  try {
    const path = join(folder, "log.txt");
    writeFileSync(path, "first\nsecönd\nthird\n");
    assert.deepEqual(fileEnd(path, 100), { text: "first\nsecönd\nthird\n", before: 0 });
    assert.deepEqual(fileEnd(path, 20), { text: "first\nsecönd\nthird\n", before: 0 }, "as long as it may be");
    // Cut inside the "ö", whose half is no text.
    assert.deepEqual(fileEnd(path, 10), { text: "third\n", before: 14 });
    assert.deepEqual(fileEnd(path, 6), { text: "third\n", before: 14 }, "a line alone, whose start is not known");
    writeFileSync(path, "x".repeat(50));
    assert.deepEqual(fileEnd(path, 10), { text: "x".repeat(10), before: 40 });
    writeFileSync(path, "");
    assert.deepEqual(fileEnd(path, 10), { text: "", before: 0 });
    assert.throws(() => fileEnd(join(folder, "none"), 10), /cannot be read/);
    assert.deepEqual(textEnd(Buffer.from("b\nc\n"), 4), { text: "b\nc\n", before: 0 });
    assert.deepEqual(textEnd(Buffer.from("b\nc\n"), 5), { text: "c\n", before: 3 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
