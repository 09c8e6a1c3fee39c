import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { RunRecord } from "../../src/record/record.ts";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { Session } from "./session.ts";
import { until, type Workbench } from "./workbench.ts";
import { records, runPaths, whilePaused } from "./workspace.ts";

const session = new Session({ "security.workspace.trust.enabled": false });

const runOfSeed = (folder: string, seed: number): RunRecord | undefined =>
  records(folder).find((record) => record.seed === seed);

/** Waits until the run of seed 0 has made more steps than this. */
async function untilFirstRunIsPast(folder: string, step: number): Promise<void> {
  await until(
    `seed 0 past step ${step}`,
    () => runOfSeed(folder, 0)?.lastStep?.step ?? 0,
    (last) => last > step,
  );
}

/** Closes the message about the queued runs, and then all others, while the worker is paused. */
async function closeAllMessages(workbench: Workbench, worker: number | undefined): Promise<void> {
  const message = workbench.notification("2 runs are queued");
  await whilePaused(worker, async () => {
    await message.hover();
    await message.locator(".codicon-notifications-clear").click();
    await message.waitFor({ state: "hidden" });
    await workbench.command("Notifications: Clear All Notifications");
  });
}

async function assertTrainingGoesOn({ page }: Workbench, folder: string, before: RunRecord): Promise<void> {
  await untilFirstRunIsPast(folder, (before.lastStep?.step ?? 0) + 2);
  assert.deepEqual(
    records(folder).map(({ pid, status }) => [pid, status]),
    [
      [before.pid, "running"],
      [undefined, "queued"],
    ],
  );
  assert.equal(await page.locator(".notification-toast").count(), 0);
}

function killQueueAndWorker(folder: string): void {
  const { pid: queue } = JSON.parse(readFileSync(join(folder, ".adept/queue-auto.lease"), "utf8")) as { pid: number };
  process.kill(queue, "SIGKILL");
  process.kill(runOfSeed(folder, 0)!.pid!, "SIGKILL");
  assert.deepEqual(
    records(folder)
      .filter(({ status }) => status === "queued")
      .map(({ seed }) => seed),
    [1],
  );
}

async function reloadAndGoOn(workbench: Workbench): Promise<void> {
  await workbench.reload();
  await workbench.showRuns();
  const question = workbench.notification("wait to be trained");
  await question.waitFor();
  await question.locator(".monaco-button", { hasText: "Go On" }).click();
  // The run goes on, so no message says that it failed.
  assert.equal(await workbench.notification("has failed").count(), 0);
}

async function assertBothFinish(folder: string): Promise<void> {
  await until(
    "both have finished",
    () => records(folder).map(({ status }) => status),
    (all) => all.length === 2 && all.every((status) => status === "finished"),
    120,
  );
  assert.deepEqual(
    records(folder)
      .map(({ interruptions, seed }) => [seed, interruptions])
      .sort(),
    [
      [0, 1],
      [1, 0],
    ],
  );
}

test("two seeds wait their turn; a message that is closed ends nothing; when the queue and its worker are killed, the window asks after a reload and goes on", async (t) => {
  const folder = session.workspace(120);
  const file = join(folder, "mail.adept.json");
  const mail = JSON.parse(readFileSync(file, "utf8")) as object;
  writeFileSync(file, JSON.stringify({ ...mail, name: "Seeds", seeds: [0, 1] }));
  const workbench = await session.open(t, folder);
  await workbench.train("mail.adept.json");
  await workbench.notification("2 runs are queued").waitFor();
  await workbench.showRuns();
  await until(
    "the row of the second seed says that it waits",
    () => workbench.runRow("seed 1").innerText(),
    (text) => /waiting/i.test(text),
  );
  await untilFirstRunIsPast(folder, 2);

  const before = runOfSeed(folder, 0)!;
  await closeAllMessages(workbench, before.pid);
  await assertTrainingGoesOn(workbench, folder, before);
  killQueueAndWorker(folder);
  await reloadAndGoOn(workbench);
  await assertBothFinish(folder);
});

test("a waiting run is moved to the front; the queue is paused and goes on", async (t) => {
  const folder = session.workspace(400);
  const workbench = await session.open(t, folder);
  writeFileSync(
    join(folder, "mail.adept.json"),
    JSON.stringify({
      name: "Queue",
      seeds: [0, 1, 2],
      task: { kind: "mail", maxBodyCharacters: 150 },
      method: { kind: "adept", promptLength: 8, bottleneck: 8 },
      training: {
        steps: 60,
        batchSize: 16,
        maxSourceLength: 32,
        maxTargetLength: 4,
        warmup: 2,
        evaluateEvery: 30,
        validationLimit: 16,
        testLimit: 16,
      },
      engine: { threads: 1 },
    }),
  );
  await workbench.train("mail.adept.json");
  await workbench.showRuns();
  await untilFirstRunIsPast(folder, 1);
  await whilePaused(runOfSeed(folder, 0)!.pid, async () => {
    await workbench.menu(workbench.runRow("seed 2"), "Train Next");
    await workbench.command("ADePT: Pause Queue After This Run");
  });
  await until(
    "the run in progress ends, the others wait",
    () =>
      records(folder)
        .map(({ seed, status }) => `${seed} ${status}`)
        .sort(),
    (all) => all.join() === "0 finished,1 queued,2 queued",
    120,
  );
  await workbench.page.waitForTimeout(1500);
  assert.equal(records(folder).filter(({ status }) => status === "queued").length, 2, "paused means paused");
  await workbench.command("ADePT: Go On With the Queue");
  await until(
    "all have finished",
    () => records(folder).map(({ status }) => status),
    (all) => all.every((status) => status === "finished"),
    240,
  );
  const order = records(folder)
    .map((record, i) => ({ seed: record.seed, ended: readJournal(runPaths(folder)[i]!).events.at(-1)!.time }))
    .sort((a, b) => a.ended - b.ended)
    .map(({ seed }) => seed);
  assert.deepEqual(order, [0, 2, 1]);
});
