import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { foldEvents } from "../../src/record/foldEvents.ts";
import type { RunRecord } from "../../src/record/record.ts";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { Session } from "./session.ts";
import { until } from "./workbench.ts";
import { held, runPaths } from "./workspace.ts";

const session = new Session({ "security.workspace.trust.enabled": false });
const records = (folder: string): RunRecord[] => runPaths(folder).map((path) => foldEvents(readJournal(path).events));

test("two seeds wait their turn; a message that is closed ends nothing; when the queue and its worker are killed, the window asks after a reload and goes on", async (t) => {
  const folder = session.workspace(120);
  const file = join(folder, "mail.adept.json");
  writeFileSync(
    file,
    JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as object), name: "Seeds", seeds: [0, 1] }),
  );
  const workbench = await session.open(t, folder);
  await workbench.command("ADePT: Train ADePT");
  await workbench.choose("mail.adept.json");
  await workbench.notification("2 runs are queued").waitFor();
  await workbench.showRuns();
  await until(
    "the second seed says that it waits",
    () => workbench.runRow("seed 1").innerText(),
    (text) => /waiting/i.test(text),
  );
  await until(
    "the first is at work",
    () => records(folder).find(({ seed }) => seed === 0)?.lastStep?.step ?? 0,
    (step) => step > 2,
  );
  // The message is closed, and all others: who trains does not notice.
  const { page } = workbench;
  const message = workbench.notification("2 runs are queued");
  const before = records(folder).find(({ seed }) => seed === 0)!;
  await held(before.pid, async () => {
    await message.hover();
    await message.locator(".codicon-notifications-clear").click();
    await message.waitFor({ state: "hidden" });
    await workbench.command("Notifications: Clear All Notifications");
  });
  await until(
    "steps after it",
    () => records(folder).find(({ seed }) => seed === 0)?.lastStep?.step ?? 0,
    (step) => step > (before.lastStep?.step ?? 0) + 2,
  );
  assert.deepEqual(
    records(folder).map(({ pid, status }) => [pid, status]),
    [
      [before.pid, "running"],
      [undefined, "queued"],
    ],
  );
  assert.equal(await page.locator(".notification-toast").count(), 0);
  const { pid: queue } = JSON.parse(readFileSync(join(folder, ".adept/queue-auto.lease"), "utf8")) as { pid: number };
  process.kill(queue, "SIGKILL");
  process.kill(records(folder).find(({ seed }) => seed === 0)!.pid!, "SIGKILL");
  assert.deepEqual(
    records(folder)
      .filter(({ status }) => status === "queued")
      .map(({ seed }) => seed),
    [1],
  );

  await workbench.reload();
  await workbench.showRuns();
  const question = workbench.notification("wait to be trained");
  await question.waitFor();
  await question.locator(".monaco-button", { hasText: "Go On" }).click();
  // The run goes on, so nobody is told that it failed.
  assert.equal(await workbench.notification("has failed").count(), 0);
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
});
