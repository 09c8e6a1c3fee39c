import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { findTorch, NO_TORCH } from "../bench/sides/python.ts";
import { hasGoldens } from "../golden/shared.ts";
import type { CheckResult } from "./check.ts";

const PACKAGE = join(import.meta.dirname, "../output/adept-check-gpu.tar.xz");
/** Time limits are multiplied: a machine of tests does other things too. */
const PATIENCE = process.env["ADEPT_CHECK_PATIENCE"] ?? "3";

/** A namespace that has the loopback and no route; without one where this machine allows none. */
function walled(): string[] {
  const kind = process.getuid?.() === 0 ? ["--net"] : ["--user", "--map-root-user", "--net"];
  const up = 'ip link set lo up 2>/dev/null || ifconfig lo up; exec "$@"';
  const wall = ["unshare", ...kind, "--", "sh", "-c", up, "sh"];
  return spawnSync(wall[0]!, [...wall.slice(1), "true"]).status === 0 ? wall : [];
}

/** Unpacks the package in a folder and runs it there, with nothing of this project on the path. */
function runPacked(folder: string, python: string): { result: CheckResult; said: string; status: number | null } {
  const unpacked = spawnSync("tar", ["-C", folder, "-xf", PACKAGE], { encoding: "utf8" });
  assert.equal(unpacked.status, 0, unpacked.stderr);
  const out = join(folder, "result.json");
  const command = [...walled(), join(folder, "adept-check-gpu/check"), out, "--patience", PATIENCE];
  const { stdout, stderr, status } = spawnSync(command[0]!, command.slice(1), {
    encoding: "utf8",
    cwd: folder,
    env: { PATH: "/usr/bin:/bin", HOME: folder, ADEPT_PYTHON: resolve(python), ADEPT_DEVICES: "cpu", TMPDIR: folder },
  });
  assert.ok(existsSync(out), stderr.slice(-3000));
  return { result: JSON.parse(readFileSync(out, "utf8")) as CheckResult, said: `${stdout}\n${stderr}`, status };
}

test("the packed check fits in 60 MiB, and its dry run does every part, elsewhere and without a network", (context) => {
  const python = findTorch();
  if (python === undefined) {
    context.skip(NO_TORCH);
    return;
  }
  assert.ok(statSync(PACKAGE).size < 60 * 2 ** 20, `${statSync(PACKAGE).size} bytes`);
  const folder = mkdtempSync(join(tmpdir(), "adept-packed-"));
  try {
    const { result, said, status } = runPacked(folder, python);
    context.diagnostic(said);
    const of = (bench: string): CheckResult["rows"] => result.rows.filter((row) => row.bench === bench);
    const done = (bench: string): number => of(bench).filter(({ state }) => state === "done").length;
    assert.deepEqual(
      result.rows.filter(({ state }) => state === "failed"),
      [],
    );
    assert.equal(status, 0);
    if (hasGoldens) assert.equal(done("goldens"), 2, "goldens on onnxruntime and PyTorch");
    assert.equal(done("run"), 1, "a run to its mark");
    // fp32 beside eager and compile, bf16 beside one peer; two models.
    assert.equal(done("step"), 6);
    assert.equal(done("generation"), 4);
    for (const { note, case: what } of of("generation").filter(({ case: name }) => name.endsWith("fp32")))
      assert.match(note!, /^the same tokens in (\d+) of \1 rows/, what);
    assert.ok(done("latency") >= 2, "the fold against prompt tuning and DePT");
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith("adept-check-") && name !== "adept-check-gpu"),
      [],
      "nothing is left",
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
