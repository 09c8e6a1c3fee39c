import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { test } from "node:test";
import type { RunEvent } from "../../src/record/events.ts";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { annotateRun } from "../../src/run/journal/sharedJournal.ts";
import { networkFolder } from "./networkFolder.ts";
import { SlurmWorkspace, slowSteps } from "./slurmWorkspace.ts";
import { startCluster } from "./testCluster.ts";
import { until } from "./until.ts";

const NODES = ["n1", "n2", "n3"];
const RUNS = 12;
const NOTES = 8;
/** Seconds that the server's clock is ahead; 0 and less have been tried by this variable. */
const SKEW = Number(process.env["ADEPT_SERVER_CLOCK"] ?? 600);
/** Seconds for twelve workers that start at once, through one process for each mount. */
const PATIENCE = 800;

const stepsIn = (events: readonly RunEvent[]): number[] =>
  events.flatMap(({ type, time }) => (type === "step" ? [time] : []));

test("twelve runs train on a network file system whose clock is ten minutes ahead: what is written beside them is kept, and a stop is seen within two seconds", async (t) => {
  const cluster = startCluster(t, "--nodes", "3", "--cpus", "4");
  if (cluster === undefined) return;
  const folder = await networkFolder(t, cluster, { nodes: NODES, skew: SKEW });
  if (folder === undefined) return;
  const workspace = new SlurmWorkspace(t, cluster.env, {
    parent: folder.path,
    seeds: Array.from({ length: RUNS }, (_, i) => i),
    training: { steps: 100, evaluateEvery: 100, checkpointEvery: 25 },
    executor: { kind: "slurm", cpus: 1, time: "30", setup: slowSteps(300) },
  });
  const { answer } = workspace.start(["train", "words.adept.json"]);
  await until(() => workspace.hasRuns() && workspace.runs().length === RUNS, "the runs are made");
  const runs = workspace.runs();
  /** The journal of a run as it is on the server. */
  const written = (run: RunDirectory): readonly RunEvent[] =>
    readJournal(join(folder.server, basename(workspace.folder), ".adept/runs", run.id)).events;
  // Some notes meet runs that wait, others those at work, and some are written as runs end.
  const told = runs.map((): string[] => []);
  let isOver = false;
  t.after(() => {
    isOver = true;
  });
  const notes = (async () => {
    for (let i = 0; i < NOTES; i++)
      for (const [at, run] of runs.entries()) {
        if (isOver) return;
        told[at]!.push(`note ${i} of ${at}`);
        annotateRun(run.path, { note: `note ${i} of ${at}` });
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
  })();
  await until(() => written(runs[0]!).some(({ type }) => type === "step"), "the first one makes steps", PATIENCE);
  const asked = Date.now();
  runs[0]!.requestStop();
  await until(() => runs[0]!.record().status === "stopped", "it has stopped", PATIENCE);
  const seen = Date.now() - asked;
  const last = stepsIn(written(runs[0]!)).at(-1)! - asked;
  assert.ok(last < 2000, `its last step was ${last} ms after the wish`);
  await notes;
  const { status, told: why } = await answer;
  assert.equal(status, 0, why);
  const statuses = runs.map((run) => run.record().status);
  assert.deepEqual(statuses, ["stopped", ...runs.slice(1).map(() => "finished")]);
  for (const [at, run] of runs.entries()) {
    const kept = written(run).flatMap((event) =>
      event.type === "annotated" && event.note !== undefined ? [event.note] : [],
    );
    assert.deepEqual(kept, told[at], run.id);
  }
  assert.match(workspace.adept(["runs", "check"]).out, /./);
  console.log(`# ${RUNS * NOTES} notes kept; last step ${last} ms after the wish, told here after ${seen} ms`);
});
