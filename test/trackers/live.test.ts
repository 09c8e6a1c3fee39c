import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { after, test } from "node:test";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { journalled, liveWorkspace, until, untilGone } from "./liveRun.ts";
import { tensorboardServer } from "./tensorboardServer.ts";
import { PYTHON, trackerAnswers } from "./trackerAnswers.ts";

// A real run whose trackers are kept up to date while it trains, read by the trackers' own packages meanwhile.

if (PYTHON === undefined && process.env["ADEPT_REQUIRE_TRACKERS"] === "1")
  throw new Error("ADEPT_REQUIRE_TRACKERS is set, and test/cache/trackers has no Python with the trackers' packages");
const skip = PYTHON === undefined ? "test/cache/trackers has no Python" : false;

type Points = [step: number, value: number, seconds: number][];
interface Board {
  scalars: Record<string, Points>;
  hparams: Record<string, unknown>;
  status: string;
}

/** Enough that it trains for a while after the first look. */
const STEPS = 1500;
const workspace = liveWorkspace(STEPS, 600);
const folder = join(workspace.root, "tb");
after(() => {
  workspace.remove();
});

/** What TensorBoard has to show of a run: numbers of 32 bits. */
const wanted = (run: RunDirectory): Record<string, Points> =>
  Object.fromEntries(
    [...journalled(run).series].map(([name, points]) => [
      name,
      points.map(({ step, value, time }) => [step, Math.fround(value), time / 1000]),
    ]),
  );

/** Kills a worker behind a checkpoint, so that the next start repeats steps that TensorBoard has already. */
async function killedBehindCheckpoint(run: RunDirectory, lossesShown: () => Promise<Points>): Promise<void> {
  const shown = await until("steps behind the first checkpoint", async () => {
    const last = (await lossesShown()).at(-1)?.[0] ?? 0;
    const { checkpointStep = Infinity, pid } = run.record();
    if (last < checkpointStep + 10) return undefined;
    process.kill(pid!, "SIGKILL");
    return last;
  });
  const { checkpointStep, status } = run.record();
  assert.equal(status, "running");
  assert.ok(checkpointStep! > 0 && checkpointStep! < shown, `step ${shown} is lost`);
}

test("TensorBoard shows a run while it trains, and after a kill and a resume every point once", { skip }, async () => {
  const python = trackerAnswers(PYTHON!);
  const board = await tensorboardServer(PYTHON!, folder);
  try {
    const run = workspace.train("--tensorboard", "tb", "--set", "training.batchSize=32");
    const path = await until("an event file", () => {
      const name = existsSync(folder) ? readdirSync(folder).find((each) => each.endsWith(`_${run.id}`)) : undefined;
      const [file] = name === undefined ? [] : readdirSync(join(folder, name));
      return file === undefined ? undefined : join(folder, name!, file);
    });
    const name = basename(dirname(path));
    const losses = (): Promise<Points> => board.scalars(name, "train/loss");
    const { ino } = statSync(path);
    // An open TensorBoard shows points while the run trains, and more of them later.
    const early = await until("early points", async () => {
      const points = await losses();
      return points.length > 5 ? points.length : undefined;
    });
    assert.equal(run.record().status, "running");
    await until("more points", async () => ((await losses()).length > early ? true : undefined));
    assert.equal(run.record().status, "running", "it still trains");
    const { scalars } = (await python.ask<Record<string, Board>>("tensorboard", folder))[name]!;
    const known = wanted(run);
    for (const [series, points] of Object.entries(scalars)) {
      assert.deepEqual(points, known[series]?.slice(0, points.length), series);
      assert.ok(points.length > 0);
    }
    await killedBehindCheckpoint(run, losses);
    workspace.adept("resume", run.id);
    await untilGone(run);
    const record = run.record();
    assert.deepEqual([record.status, record.lastStep?.step], ["finished", STEPS]);
    assert.ok(!record.warnings.some((each) => each.includes("up to date")), record.warnings.join("\n"));
    assert.equal(statSync(path).ino, ino, "one file, which an open TensorBoard goes on reading");
    const real = (await python.ask<Record<string, Board>>("tensorboard", folder))[name]!;
    const all = wanted(run);
    assert.deepEqual(Object.keys(real.scalars).sort(), Object.keys(all).sort());
    for (const [series, points] of Object.entries(all)) assert.deepEqual(real.scalars[series], points, series);
    assert.deepEqual(
      real.scalars["train/loss"]?.map(([step]) => step),
      Array.from({ length: STEPS }, (_, i) => i + 1),
    );
    assert.deepEqual([real.status, real.hparams["method.promptLength"]], ["STATUS_SUCCESS", 4]);
    // The TensorBoard that was open all the time.
    for (const [series, points] of Object.entries(all))
      await until(`${series} in the open TensorBoard`, async () =>
        JSON.stringify(await board.scalars(name, series)) === JSON.stringify(points) ? true : undefined,
      );
    assert.match(readFileSync(run.logPath, "utf8"), /^kept up to date: tensorboard in /m);
  } finally {
    board.end();
    python.end();
  }
});
