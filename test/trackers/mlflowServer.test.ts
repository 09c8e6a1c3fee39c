import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import { exportRuns } from "../../src/tracker/exportRuns.ts";
import { trackedRun } from "../../src/tracker/trackedRun.ts";
import { COMMIT, HARD, LOSSES, madeRun, START } from "../unit/tracker/madeRun.ts";
import { journalled, liveWorkspace, until, untilGone } from "./liveRun.ts";
import { IS_DATABASE, mlflowServer, type MlflowServer } from "./mlflowServer.ts";
import { PYTHON, trackerAnswers, type TrackerAnswers } from "./trackerAnswers.ts";

// MLflow's own tracking server gets runs, and its own client reads them back value by value.

/** The server needs more packages than the client. */
const hasServer =
  PYTHON !== undefined &&
  spawnSync(PYTHON, ["-c", "import flask, flask_cors, sqlalchemy, alembic, graphene, huey, aiohttp"]).status === 0;
if (!hasServer && process.env["ADEPT_REQUIRE_TRACKERS"] === "1")
  throw new Error("ADEPT_REQUIRE_TRACKERS is set, and test/cache/trackers has no Python with MLflow's server");
const skip = hasServer ? false : "test/cache/trackers has no Python with MLflow's server";

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

const MADE = madeRun();
let python: TrackerAnswers;
let server: MlflowServer | undefined;
before(async () => {
  if (!hasServer) return;
  python = trackerAnswers(PYTHON!);
  server = await mlflowServer(PYTHON!);
});
after(async () => {
  if (!hasServer) return;
  python.end();
  await server?.end();
});

/** Steps that take much longer than the time between two looks at a run. */
const MANY = 500;

const runsOf = async (id: string): Promise<Flow[]> =>
  (await python.ask<Flow[]>("mlflow", server!.address)).filter(({ tags }) => tags["adept.run"] === id);
const said = (value: number): number | string => {
  if (Number.isNaN(value)) return "nan";
  return Number.isFinite(value) ? value : String(value).replace("Infinity", "inf");
};

/** A database has no infinities: MLflow keeps the largest number there. JSON has no zero below zero. */
const stored = (value: number): number | string => {
  if (value === 0) return 0;
  if (!IS_DATABASE) return said(value);
  if (value === Number.POSITIVE_INFINITY) return 1.7976931348623157e308;
  return value === Number.NEGATIVE_INFINITY ? -1.7976931348623157e308 : said(value);
};

test("the server has every value once, however often it is sent, and what people added stays", { skip }, async () => {
  await python.ask("mlflow_begun", server!.address, MADE.record.experiment!);
  const to = { mlflow: `${server!.address}/`, steps: false };
  assert.deepEqual(await exportRuns([MADE], to), { mlflow: server!.address });
  await python.ask("mlflow_added", server!.address);
  const [first, ...others] = await runsOf(MADE.id);
  assert.deepEqual(others, []);
  for (let i = 0; i < 2; i += 1) await exportRuns([MADE], to);
  const [made, ...more] = await runsOf(MADE.id);
  assert.deepEqual([made, more], [first, []], "nothing twice, and nothing lost");
  const run = trackedRun(MADE);
  assert.deepEqual(
    made!.metrics["train/loss"],
    LOSSES.map((loss, i) => [i + 1, stored(loss), START + 1000 * (i + 1)]),
  );
  const values = (of: number[]): number[] => of.sort((a, b) => a - b);
  assert.deepEqual(
    values(
      Object.values(made!.metrics).flatMap((points) =>
        points.flatMap(([, value]) => (typeof value === "number" ? [value] : [])),
      ),
    ),
    values(
      [...run.series.values()].flatMap((points) =>
        points.map(({ value }) => stored(value)).filter((value) => typeof value === "number"),
      ),
    ),
  );
  assert.deepEqual(
    [made!.experiment, made!.name, made!.status, made!.start, made!.end],
    ["made: é #1", MADE.record.name, "FINISHED", START, START + 9000],
  );
  assert.deepEqual(
    ["task.source", "training.eps", "method.targets", "seed"].map((name) => made!.params[name]),
    [HARD, "1e-7", '["q","v"]', "7"],
  );
  assert.equal(Object.keys(made!.params).length, run.settings.size);
  assert.deepEqual(
    ["mlflow.note.content", "mlflow.source.git.commit", "adept.tags", "mine"].map((tag) => made!.tags[tag]),
    [HARD, COMMIT, "best, ü", "kept"],
  );
  assert.deepEqual(made!.artifacts.sort(), ["experiment.json", "mine.txt"]);
});

test(
  "a run is on the server while it trains, exported meanwhile and resumed after a kill, each point once",
  { skip },
  async () => {
    // Larger batches: few steps a second, which a store of files can take.
    const workspace = liveWorkspace(100_000, 100_000);
    try {
      const { address } = server!;
      const run = workspace.train("--mlflow", address, "--set", "training.batchSize=32");
      const lastStep = (): Promise<number> => python.ask<number>("mlflow_last", address, run.id, "train/loss");
      const early = await until("early points", async () => (await lastStep()) || undefined);
      assert.equal(run.record().status, "running");
      // Somebody exports it by hand meanwhile.
      assert.match(workspace.adept("export", run.id, "--mlflow", address), /1 run: http:/);
      assert.ok((await lastStep()) >= early);
      // So many that the next start, which has no checkpoint, is seen several times while it repeats them.
      await until("many steps", async () => ((await lastStep()) >= MANY ? true : undefined));
      process.kill(run.record().pid!, "SIGKILL");
      assert.deepEqual([run.record().status, run.record().checkpointStep], ["running", undefined]);
      const first = journalled(run);
      // The next start sends first what the journal has and the server lacks.
      const made = run.record().lastStep!.step;
      workspace.start("resume", run.id);
      await until("steps of the resumed run", async () => ((await lastStep()) > made + 20 ? true : undefined));
      workspace.adept("stop", run.id);
      await untilGone(run);
      const [flow, ...others] = await runsOf(run.id);
      assert.deepEqual(others, []);
      assert.deepEqual([run.record().status, flow!.status], ["stopped", "KILLED"]);
      const all = journalled(run);
      assert.deepEqual(Object.keys(flow!.metrics).sort(), [...all.series.keys()].sort());
      for (const [name, points] of all.series) {
        // What the server had when the run was killed is there as it was first.
        const at = new Map(first.series.get(name)?.map((point) => [point.step, point]));
        const had = flow!.metrics[name]!;
        assert.deepEqual(
          had.map(([step]) => step),
          points.map(({ step }) => step),
          name,
        );
        for (const [i, [, value, time]] of had.entries()) {
          const either = [at.get(points[i]!.step) ?? points[i]!, points[i]!].map((point) => [
            stored(point.value),
            point.time,
          ]);
          assert.ok(
            either.some((each) => each[0] === value && each[1] === time),
            `${name} at ${had[i]![0]}`,
          );
        }
      }
      assert.deepEqual([flow!.params["method.promptLength"], flow!.artifacts], ["4", ["experiment.json"]]);
    } finally {
      workspace.remove();
    }
  },
);
