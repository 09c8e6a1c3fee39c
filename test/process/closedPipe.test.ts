import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

const CLI = join(import.meta.dirname, "../../dist/cli.js");

/** Runs the command line in a pipe whose reader is gone before it writes. */
function piped(redirection: string): { status: string; errors: string } {
  const line = `"${process.execPath}" "${CLI}" help ${redirection} | :; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", line], { encoding: "utf8" });
  return { status: stdout.trim(), errors: stderr };
}

test("a reader that goes away ends the command without a stack", () => {
  assert.deepEqual(piped(""), { status: "141", errors: "" });
});

test("where nobody reads what is told, the command goes on", () => {
  assert.equal(piped("no-such-command 2>&1 >/dev/null").status, "2");
});
