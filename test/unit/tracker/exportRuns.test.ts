import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parquetReadObjects } from "hyparquet";
import { UserError } from "../../../src/base/errors.ts";
import { exportRuns } from "../../../src/tracker/exportRuns.ts";
import { runTable } from "../../../src/tracker/table/runTable.ts";
import { stepRows, timedRows, trackedRun } from "../../../src/tracker/trackedRun.ts";
import { LOSSES, madeRun, START } from "./madeRun.ts";

const root = mkdtempSync(join(tmpdir(), "adept-trackers-"));
after(() => {
  rmSync(root, { recursive: true, force: true });
});
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name).slice(folder.length + 1))
    .sort();
const all = (folder: string): { tensorboard: string; mlflow: string; wandb: string } => ({
  tensorboard: join(folder, "tb"),
  mlflow: join(folder, "ml"),
  wandb: join(folder, "wb"),
});

test("of a resumed run the repeated steps and evaluations count once, with their later values", () => {
  const run = trackedRun(madeRun());
  assert.deepEqual(
    run.series.get("train/loss")?.map(({ step, time, value }) => [step, time - START, value]),
    LOSSES.map((loss, i) => [i + 1, 1000 * (i + 1), loss]),
  );
  assert.deepEqual(
    run.series.get("validation/loss")?.map(({ step, value }) => [step, value]),
    [
      [2, 3],
      [4, 2],
      [6, 2.25],
    ],
  );
  assert.deepEqual(
    ["validation/loss", "test/loss", "test_untrained/loss", "test_ffn-off/accuracy"].map((name) =>
      run.results.get(name),
    ),
    [2, 1.5, 8, 1.5],
    "validation of the best step, tests of every model",
  );
  assert.deepEqual(
    ["method.rank", "method.targets", "training.eps", "seed", "trainable", "sizes.rank", "name", "git"].map((name) =>
      run.settings.get(name),
    ),
    [4, '["q","v"]', 1e-7, 7, 4321, 4, undefined, undefined],
  );
  assert.deepEqual([run.startedAt, run.endedAt], [START, START + 9000]);
  assert.deepEqual(
    stepRows(run).map(({ step }) => step),
    [0, 1, 2, 3, 4, 5, 6],
  );
  const times = timedRows(run).map(({ time }) => time);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
});

test("an export again leaves the same files with the same bytes; a changed note changes them in their places", async () => {
  const folder = join(root, "again");
  const to = { ...all(folder), csv: join(folder, "runs.csv"), parquet: join(folder, "runs.parquet"), steps: false };
  const sources = [madeRun(), madeRun({ id: "20260102-030405-cd34", status: "failed" })];
  await exportRuns(sources, to);
  const before = filesIn(folder).map((name) => [name, readFileSync(join(folder, name))] as const);
  assert.equal(before.filter(([name]) => name.includes("tfevents")).length, 2);
  const [kept = ""] = before.map(([name]) => name).filter((name) => name.endsWith(".wandb"));
  writeFileSync(join(folder, `${kept}.synced`), "");
  await exportRuns(sources, to);
  assert.ok(existsSync(join(folder, `${kept}.synced`)), "what is unchanged needs no second sync");
  assert.deepEqual(
    filesIn(folder)
      .filter((name) => !name.endsWith(".synced"))
      .map((name) => [name, readFileSync(join(folder, name))] as const),
    before,
  );
  await exportRuns(
    sources.map(({ id }) => madeRun({ id, note: "changed" })),
    to,
  );
  assert.ok(!existsSync(join(folder, `${kept}.synced`)), "what has changed is to be synced again");
  assert.deepEqual(
    filesIn(folder),
    before.map(([name]) => name),
  );
});

test("the event file of a run that goes on grows: the same file, what was read stays as it was", async () => {
  const folder = join(root, "grows");
  const whole = madeRun();
  const written = async (count: number): Promise<Buffer> => {
    await exportRuns([partOf(whole, count)], { tensorboard: folder, steps: false });
    return readFileSync(join(folder, filesIn(folder)[0]!));
  };
  // Up to the interruption; behind it what was lost is replaced.
  let last = await written(12);
  const { ino } = statSync(join(folder, filesIn(folder)[0]!));
  for (const count of [13, 16, 19, whole.events.length]) {
    const now = await written(count);
    assert.ok(now.length > last.length && now.subarray(0, last.length).equals(last), `${count} events`);
    last = now;
  }
  assert.equal(statSync(join(folder, filesIn(folder)[0]!)).ino, ino);
  assert.equal(filesIn(folder).length, 1);
});

/** A run as it was after some of its events. */
function partOf(source: ReturnType<typeof madeRun>, count: number): ReturnType<typeof madeRun> {
  const events = source.events.slice(0, count);
  const status = count >= source.events.length ? "finished" : "running";
  return { ...source, events, record: { ...source.record, status } };
}

test("a run without steps, and one that was interrupted, are exported as what they are", async () => {
  for (const status of ["failed", "interrupted", "queued", "running"] as const)
    for (const hasSteps of [false, true]) {
      const folder = join(root, `${status}-${String(hasSteps)}`);
      const to = {
        ...all(folder),
        csv: join(folder, "steps.csv"),
        parquet: join(folder, "steps.parquet"),
        steps: true,
      };
      await exportRuns([madeRun({ status, hasSteps, note: "" })], to);
      const files = filesIn(folder);
      const meta = readFileSync(
        join(
          folder,
          files.find((name) => /\/\w{32}\/meta\.yaml$/.test(name))!,
        ),
        "utf8",
      );
      const isOver = status === "failed" || status === "interrupted";
      assert.match(meta, isOver ? /^end_time: \d+$/m : /^end_time: null$/m);
      const number = { failed: 4, interrupted: 5, queued: 2, running: 1 }[status];
      assert.match(meta, new RegExp(`^status: ${number}$`, "m"));
      assert.equal(
        files.some((name) => name.includes("/metrics/")),
        hasSteps,
      );
      assert.equal(readFileSync(to.csv, "utf8").trim().split("\n").length > 1, hasSteps);
    }
});

test("no name of a metric leads out of MLflow's folder, and none hides another", async () => {
  const folder = join(root, "names");
  await exportRuns([madeRun()], { mlflow: join(folder, "deep/store"), steps: false });
  const files = filesIn(folder);
  assert.ok(files.every((name) => name.startsWith("deep/store/")));
  const metrics = files.flatMap((name) => /\/metrics\/validation(.*)/.exec(name)?.[1] ?? []);
  // Only what would be hidden has another name; on disks that know no capitals, too.
  assert.deepEqual(metrics.sort(), [
    "/___/___/out",
    "/accuracy",
    "/accuracy_2",
    "/loss",
    "/rouge/L é",
    "_Accuracy_2",
    "_accuracy_per_label_2",
  ]);
});

test("Parquet has types: whole numbers, numbers, truth values, times, texts; several kinds become texts", async () => {
  const file = join(root, "types.parquet");
  await exportRuns([madeRun(), madeRun({ id: "20260102-030405-ef56", hasSteps: false })], {
    parquet: file,
    steps: false,
  });
  const bytes = readFileSync(file);
  const rows = await parquetReadObjects({
    file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  });
  const [first, second] = rows as [Record<string, unknown>, Record<string, unknown>];
  assert.deepEqual(
    ["seed", "training.eps", "precision.compare", "created", "method.targets", "seconds"].map((name) => first[name]),
    [7n, 1e-7, true, new Date(START), '["q","v"]', 9],
  );
  assert.equal(second["test/loss"] ?? undefined, undefined);
});

const isUser = (code: string) => (error: unknown) => error instanceof UserError && error.code === code;

test("a place that cannot be written is said with what helps", async () => {
  const file = join(root, "plain");
  writeFileSync(file, "x");
  const [source] = [madeRun()];
  for (const name of ["tensorboard", "csv", "parquet"] as const)
    await assert.rejects(
      async () => exportRuns([source], { [name]: join(file, "inside"), steps: false }),
      isUser("export-place-taken"),
      name,
    );
  for (const name of ["mlflow", "wandb"] as const)
    await assert.rejects(
      async () => exportRuns([source], { [name]: join(file, "inside"), steps: false }),
      (error) => isUser("export-place-taken")(error) || isUser("output-not-writable")(error),
      name,
    );
  mkdirSync(join(root, "taken.csv"));
  await assert.rejects(
    async () => exportRuns([source], { csv: join(root, "taken.csv"), steps: false }),
    isUser("folder-in-place-of-file"),
  );
  assert.equal(readFileSync(file, "utf8"), "x");
});

test("an experiment that was deleted in MLflow's folder is not made a second time", async () => {
  const store = join(root, "trash");
  mkdirSync(join(store, ".trash/7"), { recursive: true });
  writeFileSync(join(store, ".trash/7/meta.yaml"), "experiment_id: '7'\nname: 'made: é #1'\n");
  await assert.rejects(
    async () => exportRuns([madeRun()], { mlflow: store, steps: false }),
    isUser("mlflow-experiment-deleted"),
  );
});

test("a clock that was set back leaves the time that a run took unknown", () => {
  const source = madeRun();
  const back = source.events.map((event) => (event.type === "status" ? { ...event, time: START - 1000 } : event));
  const { columns } = runTable([trackedRun(source), trackedRun({ ...source, events: back })]);
  assert.deepEqual(columns.get("seconds"), [9, undefined]);
});
