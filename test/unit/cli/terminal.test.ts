import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { table } from "../../../src/cli/table.ts";
import { terminalText } from "../../../src/cli/terminal.ts";
import { ResolvedExperiment } from "../../../src/experiment/experiment.ts";

const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

test("a terminal gets nothing that it obeys, and a document of JSON stays the same", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.jsonValue(), (text, value) => {
      assert.doesNotMatch(terminalText(text), OBEYED);
      assert.deepEqual(
        JSON.parse(terminalText(JSON.stringify({ text, value }))),
        JSON.parse(JSON.stringify({ text, value })),
      );
    }),
  );
  assert.equal(terminalText("a\u001b[2J\u009b31m\u202eb\tc\nd"), "a\\u001b[2J\\u009b31m\\u202eb\tc\nd");
  assert.deepEqual(table(["name"], [["a\nb"]]), ["name", "----", "a b"]);
});

test("a run's name and a damaged file's words stay words in the terminal, on both outputs", () => {
  const folder = mkdtempSync(join(tmpdir(), "adept-terminal-"));
  const run = join(folder, ".adept/runs/20260101-000000-abcd");
  const name = "x\u001b]0;owned\u0007\ny";
  try {
    mkdirSync(run, { recursive: true });
    writeFileSync(
      join(run, "experiment.json"),
      JSON.stringify(ResolvedExperiment.parse({ name: "x", task: { kind: "mail" }, method: { kind: "pt" } })),
    );
    writeFileSync(
      join(run, "events.jsonl"),
      [
        {
          type: "created",
          time: 1,
          version: 1,
          id: "20260101-000000-abcd",
          name,
          method: "pt",
          task: "mail",
          backbone: "b",
          seed: 0,
          steps: 1,
        },
        { type: "status", time: 1, status: "finished" },
      ]
        .map((event) => `${JSON.stringify(event)}\n`)
        .join(""),
    );
    const adept = (...args: string[]): string => {
      const { stdout, stderr } = spawnSync(
        process.execPath,
        ["--import", import.meta.resolve("tsx"), resolve(import.meta.dirname, "../../../src/cli.ts"), ...args],
        { cwd: folder, encoding: "utf8" },
      );
      return stdout + stderr;
    };
    const list = adept("runs", "list");
    assert.match(list, /x\\u001b\]0;owned\\u0007 y\n$/);
    for (const text of [list, adept("runs", "list", "--json"), adept("stop", "\u001b[2Jno"), adept("\u001b[2J")])
      assert.doesNotMatch(text, OBEYED);
    assert.match(adept("constructor"), /There is no command "constructor"/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
