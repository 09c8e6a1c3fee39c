import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parse } from "csv-parse/sync";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { readOnly } from "./readOnlyFolder.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");
const FINISHED = "20261127-094819-vo56";
const STOPPED = "20261127-094821-9q9j";

// Two runs of a workspace: one has finished, one was stopped.
const root = mkdtempSync(join(tmpdir(), "adept-export-"));
const runsDir = join(root, ".adept/runs");
mkdirSync(join(root, ".adept"));
cpSync(join(import.meta.dirname, "../frozen/version1"), runsDir, { recursive: true });
after(() => {
  rmSync(root, { recursive: true, force: true });
});

interface Said {
  status: number | null;
  stdout: string;
  stderr: string;
}
function spoken(before: readonly string[], ...args: string[]): Said {
  const [command = "", ...rest] = [...before, process.execPath, CLI, ...args];
  return spawnSync(command, rest, { cwd: root, encoding: "utf8" });
}
const adept = (...args: string[]): Said => spoken([], ...args);
function json(...args: string[]): Record<string, unknown> {
  const { status, stdout, stderr } = adept(...args, "--json");
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}
const rowsOf = (file: string): Record<string, string>[] =>
  parse<Record<string, string>>(readFileSync(join(root, file)), { columns: true });

test("all finished runs are exported, or those that are named; both commands are one", () => {
  assert.deepEqual(json("export", "--tensorboard", "tb", "--mlflow", "ml", "--wandb", "."), {
    runs: [FINISHED],
    tensorboard: join(root, "tb"),
    mlflow: join(root, "ml"),
    wandb: root,
  });
  assert.deepEqual(json("runs", "export", STOPPED, FINISHED, "--csv", "runs.csv")["runs"], [FINISHED, STOPPED]);
  assert.deepEqual(
    rowsOf("runs.csv").map(({ run, status }) => [run, status]),
    [
      [FINISHED, "finished"],
      [STOPPED, "stopped"],
    ],
  );
  assert.match(adept("export", "--tensorboard", "tb").stdout, /^1 run: .*\/tb \(tensorboard --logdir ".*\/tb"\)\n$/);
});

test("the table of steps has every step of the journal, with its digits", () => {
  json("export", FINISHED, "--csv", "steps.csv", "--steps");
  const steps = readJournal(join(runsDir, FINISHED)).events.filter((event) => event.type === "step");
  const rows = rowsOf("steps.csv").filter((row) => row["train/loss"] !== "");
  assert.ok(steps.length > 0);
  assert.deepEqual(
    rows.map((row) => [
      Number(row["step"]),
      Number(row["train/loss"]),
      Number(row["learning_rate/prompt"]),
      row["time"],
    ]),
    steps.map(({ step, loss, learningRate, time }) => [
      step,
      loss,
      learningRate["prompt"],
      new Date(time).toISOString(),
    ]),
  );
});

test("wrong use names what is missing", () => {
  for (const [args, says] of [
    [[], /--out, --tensorboard/],
    [["--out", "x", "--csv", "y"], /stands alone/],
    [["--steps", "--mlflow", "x"], /--csv or --parquet/],
    [["--folded", "--mlflow", "x"], /need --out/],
    [["--csv", ""], /name/],
    [[FINISHED, STOPPED, "--out", "x"], /one run/],
  ] as const) {
    const { status, stderr } = adept("export", ...args);
    assert.equal(status, 2, stderr);
    assert.match(stderr, says);
  }
  assert.equal(adept("export", "nothing", "--csv", "x").status, 1);
  const { status, stderr } = adept("export", "--csv", "x", "--runs-dir", "nowhere");
  assert.deepEqual([status, stderr], [1, "adept: None of these runs has finished\nLet one finish first.\n"]);
});

const PLACES = ["tensorboard", "mlflow", "wandb", "csv", "parquet"];

test("a folder that may not be written is said, for every destination", (t) => {
  const folder = join(root, "closed");
  mkdirSync(folder);
  const way = readOnly(folder);
  if ("reason" in way) {
    assert.notEqual(process.env["ADEPT_REQUIRE_WALLS"], "1", `ADEPT_REQUIRE_WALLS is set: ${way.reason}`);
    t.skip(way.reason);
    return;
  }
  try {
    for (const name of PLACES) {
      const { status, stderr } = spoken(way.before, "export", "--runs-dir", runsDir, `--${name}`, join(folder, "x"));
      assert.equal(status, 1, `${name}: ${stderr}`);
      assert.match(stderr, /^adept: .*closed.*(may not be written|cannot be written).*\n\S.*\n$/, name);
    }
  } finally {
    way.leave();
  }
});

test("what is in the place of a folder or of a file is said, for every destination, and stays", () => {
  const [file, folder] = [join(root, "taken"), join(root, "taken.d")];
  writeFileSync(file, "mine");
  mkdirSync(folder);
  for (const name of PLACES) {
    const place = name === "csv" || name === "parquet" ? folder : file;
    const { status, stderr } = adept("export", `--${name}`, place);
    assert.equal(status, 1, `${name}: ${stderr}`);
    assert.match(
      stderr,
      /^adept: .*taken.*(cannot be written|is a folder in the place of a file).*\n\S.*another.*\n$/,
      name,
    );
  }
  assert.equal(readFileSync(file, "utf8"), "mine");
});

test("a full disk is said, for every destination, and what is not whole has no name there", (t) => {
  const folder = join(root, "small");
  mkdirSync(folder);
  const fill = 'mount -t tmpfs -o size=64k none "$0" && ! head -c 100000 /dev/zero > "$0/filler" 2> /dev/null';
  const show = 'code=$?; find "$0" -type f ! -name filler >&2; exit $code';
  const before = ["unshare", "-rm", "sh", "-c", `${fill}; "$@"; ${show}`, folder];
  if (spawnSync("unshare", ["-rm", "sh", "-c", `mount -t tmpfs -o size=4k none ${folder}`]).status !== 0) {
    assert.notEqual(process.env["ADEPT_REQUIRE_WALLS"], "1", "ADEPT_REQUIRE_WALLS is set, and no tmpfs can be mounted");
    t.skip("no tmpfs can be mounted here");
    return;
  }
  for (const name of PLACES) {
    const { status, stderr } = spoken(before, "export", "--runs-dir", runsDir, `--${name}`, join(folder, "x"));
    assert.equal(status, 1, `${name}: ${stderr}`);
    // The reason and what helps, then the files that are there: none.
    assert.match(stderr, /^adept: .*(The disk is full|no space left on device).*\n\S.*\.\n$/i, name);
  }
  assert.ok(!existsSync(join(folder, "x")));
});
