import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileName } from "../../src/base/files/fileName.ts";
import type { RunRecord } from "../../src/record/record.ts";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { exportRuns } from "../../src/tracker/exportRuns.ts";
import { COMMIT, HARD, LOSSES, madeRun, START } from "../unit/tracker/madeRun.ts";
import { PYTHON, trackerAnswers, type TrackerAnswers } from "./trackerAnswers.ts";

// TensorBoard, MLflow, W&B, pandas and pyarrow themselves read what was exported, value by value. Run by
// `npm run test:trackers`; test/trackers/requirements.txt has the packages.

if (PYTHON === undefined && process.env["ADEPT_REQUIRE_TRACKERS"] === "1")
  throw new Error("ADEPT_REQUIRE_TRACKERS is set, and test/cache/trackers has no Python with the trackers' packages");
const skip = PYTHON === undefined ? "test/cache/trackers has no Python" : false;

/** A run really trained, exported by the command line; and a made one with every value that is hard on a format. */
const REAL = "20261127-094819-vo56";
const MADE = madeRun();
const FAILED = madeRun({ id: "20260102-030405-ef56", status: "failed", hasSteps: false, note: "", tags: [] });
const root = mkdtempSync(join(tmpdir(), "adept-trackers-"));
const place = (name: string): string => join(root, name);
let python: TrackerAnswers;

const run = (...args: string[]): string =>
  execFileSync(process.execPath, [join(import.meta.dirname, "../../dist/cli.js"), "export", ...args], {
    cwd: root,
    encoding: "utf8",
  });

before(async () => {
  if (PYTHON === undefined) return;
  python = trackerAnswers(PYTHON);
  mkdirSync(place(".adept"));
  cpSync(join(import.meta.dirname, "../frozen/version1"), place(".adept/runs"), { recursive: true });
  // MLflow has begun this folder, with an experiment of the same name and a run of its own in it.
  await python.ask("mlflow_begun", place("ml"), MADE.record.experiment!);
  const folders = { tensorboard: place("tb"), mlflow: place("ml"), wandb: place("wb") };
  // Twice: nothing may be there twice.
  for (let i = 0; i < 2; i += 1) {
    await exportRuns([MADE, FAILED], {
      ...folders,
      csv: place("made.csv"),
      parquet: place("made.parquet"),
      steps: false,
    });
    await exportRuns([MADE], { csv: place("steps.csv"), parquet: place("steps.parquet"), steps: true });
    run(
      REAL,
      "--tensorboard",
      "tb",
      "--mlflow",
      "ml",
      "--wandb",
      "wb",
      "--csv",
      "real.csv",
      "--parquet",
      "real.parquet",
    );
    if (i === 0) await python.ask("mlflow_added", place("ml"));
  }
});
after(() => {
  if (PYTHON !== undefined) python.end();
  rmSync(root, { recursive: true, force: true });
});

/** A number as the reader's JSON has it. */
const said = (value: number): number | string => {
  if (Number.isNaN(value)) return "nan";
  return Number.isFinite(value) ? value : String(value).replace("Infinity", "inf");
};
/** The number of 32 bits next to a number. */
const narrow = (value: number): number | string => said(Math.fround(value));

/** What a journal says of a run that was never interrupted, by the names of series: steps, values, times in ms. */
function journalSeries(): Map<string, [number, number, number][]> {
  const series = new Map<string, [number, number, number][]>();
  const add = (name: string, ...point: [number, number, number]): void => {
    series.set(name, [...(series.get(name) ?? []), point]);
  };
  for (const event of readJournal(join(root, ".adept/runs", REAL)).events) {
    if (event.type === "step") {
      add("train/loss", event.step, event.loss, event.time);
      add("train/tokens_per_second", event.step, event.tokensPerSecond, event.time);
      if (event.memory !== undefined) add("train/memory_bytes", event.step, event.memory, event.time);
      for (const [name, values] of [
        ["learning_rate", event.learningRate],
        ["gradient_norm", event.gradientNorm],
        ["update_ratio", event.updateRatio],
      ] as const)
        for (const [group, value] of Object.entries(values)) add(`${name}/${group}`, event.step, value, event.time);
    }
    if (event.type !== "evaluation") continue;
    const { step, split, label = "trained", loss, metrics, time } = event;
    const name = label === "trained" ? split : `${split}_${label}`;
    for (const [metric, value] of Object.entries({ loss, ...metrics })) add(`${name}/${metric}`, step, value, time);
  }
  return series;
}

const experimentOf = (): Record<string, Record<string, unknown>> =>
  JSON.parse(readFileSync(join(root, ".adept/runs", REAL, "experiment.json"), "utf8")) as ReturnType<
    typeof experimentOf
  >;
const recordOf = (): RunRecord =>
  JSON.parse(
    spawnSync(process.execPath, [join(import.meta.dirname, "../../dist/cli.js"), "runs", "show", REAL, "--json"], {
      cwd: root,
      encoding: "utf8",
    }).stdout,
  ) as RunRecord;

interface Board {
  scalars: Record<string, [number, number | string, number][]>;
  texts: Record<string, string>;
  hparams: Record<string, unknown>;
  status: string;
  start: number;
  end: number;
}

test("TensorBoard reads every scalar, hyperparameter and text, and knows how a run ended", { skip }, async () => {
  const runs = await python.ask<Record<string, Board>>("tensorboard", place("tb"));
  const nameOf = (id: string): string => Object.keys(runs).find((name) => name.endsWith(`_${id}`))!;
  assert.deepEqual(Object.keys(runs).sort(), [MADE.id, FAILED.id, REAL].map(nameOf).sort());
  assert.equal(nameOf(MADE.id), `${fileName(MADE.record.name)}_${MADE.id}`);
  const real = runs[nameOf(REAL)]!;
  assert.deepEqual(
    real.scalars,
    Object.fromEntries(
      [...journalSeries()].map(([name, points]) => [
        name,
        points.map(([step, value, time]) => [step, narrow(value), time / 1000]),
      ]),
    ),
  );
  const { method, training, seed } = experimentOf();
  assert.deepEqual(
    ["method.kind", "method.promptLength", "training.steps", "seed"].map((name) => real.hparams[name]),
    [method?.["kind"], method?.["promptLength"], training?.["steps"], seed],
  );
  const made = runs[nameOf(MADE.id)]!;
  assert.deepEqual(
    made.scalars["train/loss"],
    LOSSES.map((loss, i) => [i + 1, narrow(loss), (START + 1000 * (i + 1)) / 1000]),
  );
  assert.deepEqual(
    made.scalars["validation/rouge/L é"]?.map(([step, value]) => [step, value]),
    [
      [2, 0.375],
      [4, 0.25],
      [6, 0.28125],
    ],
  );
  assert.equal(made.texts["note"], HARD);
  assert.match(made.texts["run"] ?? "", new RegExp(`\\| commit \\| ${COMMIT} \\|\\n.*\\| ref \\|`, "s"));
  assert.deepEqual(
    [made.status, made.start, made.end, made.hparams["task.source"], made.hparams["precision.compare"]],
    ["STATUS_SUCCESS", START / 1000, (START + 9000) / 1000, HARD, true],
  );
  const failed = runs[nameOf(FAILED.id)]!;
  assert.deepEqual([failed.scalars, failed.status, failed.hparams["seed"]], [{}, "STATUS_FAILURE", 7]);
});

interface Flow {
  experiment: string;
  name: string;
  status: string;
  start: number;
  end: number | null;
  params: Record<string, string>;
  tags: Record<string, string>;
  metrics: Record<string, [number, number | string, number][]>;
  artifacts: string[];
}

test(
  "MLflow reads every metric, parameter and tag once, beside its own run, and keeps what people added",
  { skip },
  async () => {
    const runs = await python.ask<Flow[]>("mlflow", place("ml"));
    const of = (id: string): Flow => {
      const found = runs.filter(({ tags }) => tags["adept.run"] === id);
      assert.equal(found.length, 1, id);
      return found[0]!;
    };
    assert.equal(runs.length, 4);
    assert.equal(new Set(runs.map(({ experiment }) => experiment)).size, 2, "the experiment of that name is MLflow's");
    const real = of(REAL);
    assert.deepEqual(real.metrics, Object.fromEntries([...journalSeries()].map(([name, points]) => [name, points])));
    const { method, training } = experimentOf();
    const { createdAt, name, status, tags } = recordOf();
    assert.deepEqual(
      [real.params["method.kind"], real.params["training.steps"], real.name, real.status, real.start],
      [method?.["kind"], String(training?.["steps"]), name, status.toUpperCase(), createdAt],
    );
    assert.equal(real.tags["adept.tags"], tags.length === 0 ? undefined : tags.join(", "));
    assert.deepEqual([real.tags["mine"], real.artifacts], ["kept", ["mine.txt"]]);
    const made = of(MADE.id);
    assert.deepEqual(
      made.metrics["train/loss"],
      LOSSES.map((loss, i) => [i + 1, said(loss), START + 1000 * (i + 1)]),
    );
    assert.deepEqual(made.metrics["validation/rouge/L é"]?.at(-1), [6, 0.28125, START + 6500]);
    assert.deepEqual(
      Object.entries(made.metrics)
        .flatMap(([key, points]) => (key.startsWith("validation") ? [points.at(-1)![1]] : []))
        .sort(),
      [0.28125, 0.5625, 1, 2, 2.25, 3, 4],
      "no metric hides another, however alike their names are",
    );
    assert.deepEqual(
      [made.params["task.source"], made.params["training.eps"], made.params["method.targets"], made.name],
      [HARD, "1e-7", '["q","v"]', MADE.record.name],
    );
    assert.deepEqual(
      ["mlflow.note.content", "mlflow.source.git.commit", "adept.tags", "adept.sweep"].map((tag) => made.tags[tag]),
      [HARD, COMMIT, "best, ü", "20260102-030400-zz99"],
    );
    assert.deepEqual([made.status, made.start, made.end], ["FINISHED", START, START + 9000]);
    const failed = of(FAILED.id);
    assert.deepEqual([failed.status, failed.metrics], ["FAILED", {}]);
  },
);

interface Synced {
  runs: Record<
    string,
    {
      history: Record<string, Record<string, number | string>>;
      summary: Record<string, number | string>;
      files: Record<string, string>;
      config: string;
      project: string;
      displayName: string;
      groupName?: string;
      notes?: string;
      tags?: string[];
      commit?: string;
      exit: number;
    }
  >;
  synced: number;
  sent: string;
}

test("wandb sync sends every value of the history, configuration, note, tags, commit and end", { skip }, async () => {
  const { runs, synced, sent } = await python.ask<Synced>("wandb", place("wb"));
  assert.equal(synced, 3, sent);
  assert.deepEqual(Object.keys(runs).sort(), [MADE.id, FAILED.id, REAL].sort());
  const real = runs[REAL]!;
  const values = (history: (typeof real)["history"], name: string): unknown[] =>
    Object.values(history).flatMap((row) => (name in row ? [[row["_step"], row[name]]] : []));
  for (const [name, points] of journalSeries()) {
    const found = values(real.history, name);
    if (name.startsWith("test")) assert.equal(real.summary[name], points.at(-1)![1], name);
    else
      assert.deepEqual(
        found,
        points.map(([step, value]) => [step, value]),
        name,
      );
  }
  const settings = JSON.parse(real.config) as Record<string, { value: unknown }>;
  const { method, seed } = experimentOf();
  assert.deepEqual(
    ["method.kind", "method.promptLength", "seed", "adept.status"].map((name) => settings[name]?.value),
    [method?.["kind"], method?.["promptLength"], seed, "finished"],
  );
  const sentFile = JSON.parse(real.files["experiment.json"]!) as ReturnType<typeof experimentOf>;
  assert.deepEqual(sentFile["training"], experimentOf()["training"]);
  const made = runs[MADE.id]!;
  assert.deepEqual(
    values(made.history, "train/loss"),
    LOSSES.map((loss, i) => [i + 1, said(loss)]),
  );
  assert.deepEqual(values(made.history, "validation/rouge/L é"), [
    [2, 0.375],
    [4, 0.25],
    [6, 0.28125],
  ]);
  assert.deepEqual(
    ["test/loss", "test_untrained/loss", "validation/loss", "best_step", "train/loss"].map(
      (name) => made.summary[name],
    ),
    [1.5, 8, 2, 4, 0.1],
  );
  assert.deepEqual(
    [made.project, made.displayName, made.groupName, made.notes, made.tags, made.commit, made.exit],
    ["made- é -1", MADE.record.name, "20260102-030400-zz99", HARD, ["best", "ü"], COMMIT, 0],
  );
  assert.deepEqual([runs[FAILED.id]!.history, runs[FAILED.id]!.exit], [{}, 1]);
});

interface Frame {
  types: Record<string, string>;
  columns: Record<string, unknown[]>;
}

test("pandas and pyarrow read the tables value by value", { skip }, async () => {
  for (const kind of ["csv", "parquet"]) {
    const missing = kind === "csv" ? "nan" : null;
    const real = await python.ask<Frame>("table", place(`real.${kind}`));
    assert.deepEqual(real.columns["run"], [REAL]);
    for (const [name, points] of journalSeries())
      if (name.startsWith("test")) assert.deepEqual(real.columns[name], [points.at(-1)![1]], name);
    const made = await python.ask<Frame>("table", place(`made.${kind}`));
    const column = (name: string): unknown => made.columns[name];
    assert.deepEqual(column("note"), [HARD, missing]);
    assert.deepEqual(column("task.source"), [HARD, HARD]);
    assert.deepEqual(column("test/loss"), [1.5, missing]);
    assert.deepEqual(column("validation/loss"), [2, missing]);
    assert.deepEqual(column("precision.compare"), [true, true]);
    assert.deepEqual([column("seed"), made.types["seed"]], [[7, 7], "int64"]);
    assert.deepEqual(made.types["test/accuracy"], "float64");
    const steps = await python.ask<Frame>("table", place(`steps.${kind}`));
    assert.deepEqual(steps.columns["step"], [0, 1, 2, 3, 4, 5, 6]);
    assert.deepEqual(steps.columns["train/loss"], [missing, ...LOSSES.map(said)]);
    assert.deepEqual(steps.columns["gradient_norm/ffn"], [missing, ...LOSSES.map(() => 1e300)]);
    assert.deepEqual(steps.columns["validation/loss"], [missing, missing, 3, missing, 2, missing, 2.25]);
  }
});
