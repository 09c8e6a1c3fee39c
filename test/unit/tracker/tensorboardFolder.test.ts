import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { eventFilePath } from "../../../src/tracker/tensorboard/tensorboard.ts";

const ID = "20260102-030405-abcd";

test("TensorBoard lists a run by its name and id; a run that is there keeps its folder, whatever its name is by now", () => {
  const folder = mkdtempSync(join(tmpdir(), "adept-board-"));
  const nameOf = (name: string, id = ID): string =>
    basename(dirname(eventFilePath({ id, name, startedAt: 1000 }, folder)));
  try {
    assert.equal(nameOf("Mail (adept, seed=0)"), `Mail-adept-seed-0_${ID}`);
    assert.equal(nameOf("../x/y"), `x-y_${ID}`);
    assert.equal(nameOf("?"), ID);
    assert.ok(Buffer.byteLength(nameOf("é".repeat(300))) < 143);
    mkdirSync(join(folder, `Mail-adept-seed-0_${ID}`));
    assert.equal(nameOf("renamed"), `Mail-adept-seed-0_${ID}`);
    const other = "20260102-030405-abce";
    assert.equal(nameOf("renamed", other), `renamed_${other}`);
    mkdirSync(join(folder, other));
    assert.equal(nameOf("renamed", other), other, "as it was named before runs had names here");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
