import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { Inputs } from "../fuzz/inputs.ts";
import { READERS } from "../fuzz/readers.ts";
import { seeds } from "../fuzz/seeds.ts";
import { judge, type Verdict } from "../fuzz/verdict.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-fuzz-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

// First: memory is told by how far the process grows beyond what it has been.
test("a verdict tells errors, time and memory from refusals", async () => {
  const input = Buffer.from("x");
  const kept: Buffer[] = [];
  assert.equal(
    (
      await judge(() => {
        throw new TypeError("x");
      }, input)
    ).finding?.kind,
    "error",
  );
  assert.equal(
    (
      await judge(
        () => {
          for (const from = process.cpuUsage().user; process.cpuUsage().user - from < 400_000;);
        },
        input,
        200,
      )
    ).finding?.kind,
    "slow",
  );
  assert.equal(
    (
      await judge(() => {
        kept.push(Buffer.alloc(300 * 2 ** 20, 1));
      }, input)
    ).finding?.kind,
    "memory",
  );
  assert.equal((await judge(() => 1, input)).finding, undefined);
});

test("every reader accepts the examples that its inputs are made of, and what once was a finding is none", async () => {
  for (const reader of READERS) {
    const read = await reader.open(mkdtempSync(join(folder, "reader-")));
    const own = seeds()
      .filter(({ reader: name }) => name === reader.name)
      .map(({ input, why }) => ({ input, why }));
    const examples: Verdict[] = [];
    for (const input of reader.corpus()) examples.push(await judge(read, input, reader.patience));
    assert.ok(
      examples.some(({ accepted }) => accepted) && examples.every(({ finding }) => finding === undefined),
      `${reader.name}: ${JSON.stringify(examples)}`,
    );
    for (const { input, why } of own)
      assert.equal((await judge(read, input, reader.patience)).finding, undefined, `${reader.name}: ${why}`);
  }
  assert.ok(seeds().length > 0 && seeds().every(({ reader }) => READERS.some(({ name }) => name === reader)));
});

test("an input can be made again by its number, whatever was made before", () => {
  for (const reader of READERS) {
    const one = new Inputs(reader, 3);
    const all = Array.from({ length: 60 }, (_, i) => one.at(i));
    const other = new Inputs(reader, 3);
    for (const index of [59, 31, 0]) assert.ok(all[index]!.equals(other.at(index)), `${reader.name} ${index}`);
  }
});

test("twelve thousand changed inputs find nothing, in processes that are watched", () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", resolve(import.meta.dirname, "../fuzz/main.ts"), "--inputs", "12000", "--seed", "7"],
    {
      encoding: "utf8",
      cwd: resolve(import.meta.dirname, "../.."),
      env: { ...process.env, ADEPT_FUZZ_OUTPUT: join(folder, "fuzz.json") },
    },
  );
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^1[12]\d{3} inputs, 0 findings/m);
});
