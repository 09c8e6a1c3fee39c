import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Locator } from "playwright-core";
import type { RunDirectory } from "../../src/run/directory/runDirectory.ts";
import { Journal } from "../../src/run/journal/journal.ts";
import { SEALS, writeRun, writeRuns } from "../host/manyRuns.ts";
import { Session } from "./session.ts";
import { untilStatus, untilStep } from "./waitForRun.ts";
import { until, type Workbench } from "./workbench.ts";
import { newest, whilePaused } from "./workspace.ts";

const session = new Session({ "security.workspace.trust.enabled": false });
const experiment = (name: string, steps: number): string =>
  JSON.stringify({
    name,
    task: { kind: "mail", maxBodyCharacters: 150 },
    method: { kind: "adept", promptLength: 4, bottleneck: 4 },
    training: {
      steps,
      batchSize: 8,
      maxSourceLength: 24,
      maxTargetLength: 4,
      warmup: 1,
      evaluateEvery: steps,
      validationLimit: 8,
      testLimit: 8,
    },
    engine: { threads: 1 },
  });

/** The number on the extension's icon in the activity bar. */
const badge = (workbench: Workbench): Locator =>
  workbench.page.locator('.part.activitybar .action-item:has(.action-label[aria-label^="ADePT Lab"]) .badge-content');

async function assertRunningIsShownInWords(workbench: Workbench): Promise<void> {
  assert.match(
    (await workbench.runRow("Mail in the window").getAttribute("aria-label")) ?? "",
    /Run Mail in the window, (running|preparing|evaluating)/,
  );
  await until(
    "the badge counts the runs that are running",
    () => badge(workbench).innerText(),
    (text) => text === "1",
  );
  await until(
    "the status item has words",
    () => workbench.statusItem().locator("[aria-label]").first().getAttribute("aria-label"),
    (label) => /ADePT training, [\d.]+ % done\. Activate to stop\./.test(label ?? ""),
  );
}

async function assertEndIsShownOnce(workbench: Workbench): Promise<void> {
  await workbench.notification("has finished").waitFor();
  assert.equal(await workbench.page.locator(".notification-toast").count(), 1, "one, no more");
  await until(
    "the badge is gone",
    () =>
      badge(workbench)
        .count()
        .then((count) => (count === 0 ? "" : badge(workbench).innerText())),
    (text) => text === "",
  );
  await workbench.statusItem().waitFor({ state: "hidden" });
  // The list draws its rows at its own pace, after badge and status item.
  await until(
    "the row says so",
    () => workbench.runRow("Mail in the window").getAttribute("aria-label"),
    (label) => (label ?? "").includes("finished"),
  );
}

async function assertRowHasTooltip({ page }: Workbench, row: Locator): Promise<void> {
  await until(
    "its tooltip",
    async () => {
      await page.mouse.move(700, 600);
      await row.hover();
      await page.waitForTimeout(1500);
      return page.locator(".monaco-hover, .workbench-hover", { hasText: "Trainable parameters" }).count();
    },
    (count) => count > 0,
    20,
  );
}

async function assertNoNotificationWhenSilenced(workbench: Workbench, folder: string): Promise<void> {
  writeFileSync(join(folder, ".vscode/settings.json"), JSON.stringify({ "adept.notifications": false }));
  writeFileSync(join(folder, "quiet.adept.json"), experiment("Quiet", 3));
  await workbench.command("Notifications: Clear All Notifications");
  await workbench.train("quiet.adept.json");
  await until(
    "finished",
    () => newest(folder),
    ({ name, status }) => name === "Quiet" && status === "finished",
    90,
  );
  await workbench.page.waitForTimeout(2000);
  assert.equal(await workbench.notification("Quiet").count(), 0);
}

test("rows, badge and status item say the status in words; one notification when a run ends, none when they are silenced", async (t) => {
  const folder = session.workspace(150);
  const workbench = await session.open(t, folder);
  await workbench.train("mail.adept.json");
  await workbench.showRuns();
  const row = workbench.runRow("Mail in the window");
  await row.waitFor();
  await untilStep(folder, 3);
  await whilePaused(newest(folder).pid, () => assertRunningIsShownInWords(workbench));
  await untilStatus(folder, "finished", 180);
  await assertEndIsShownOnce(workbench);
  await assertRowHasTooltip(workbench, row);
  await assertNoNotificationWhenSilenced(workbench, folder);
});

/** Writes 1,000 finished runs and one that is running, whose worker is this process. */
function writeThousandRunsAndALiveOne(t: TestContext, folder: string): RunDirectory {
  const runsDir = join(folder, ".adept/runs");
  writeRuns(runsDir, 1000, 30);
  const live = writeRun(runsDir, "20260103-000000-live", { steps: 3, finished: false, name: "At work" });
  assert.ok(live.acquireLease(process.pid));
  t.after(() => {
    live.releaseLease();
  });
  return live;
}

async function showLiveRun(workbench: Workbench): Promise<void> {
  await workbench.showRuns();
  await workbench.runRow("At work").waitFor({ timeout: 30_000 });
}

/** Shows the list before and after its index is written, and asserts that the second time is less work. */
async function assertIndexSavesWork(workbench: Workbench, folder: string): Promise<void> {
  const logged = session.server.logged().length;
  const clicked = Date.now();
  await showLiveRun(workbench);
  const shown = Date.now() - clicked;
  const read = (): number[] =>
    [
      ...session.server
        .logged()
        .slice(logged)
        .matchAll(/1001 runs read in \d+ ms, (\d+) ms of work/g),
    ].map(([, ms]) => Number(ms));
  // The index is written a moment later; the next window reads it.
  await until("the index", () => existsSync(join(folder, ".adept/index.json")), Boolean, 20);
  await workbench.reload();
  await showLiveRun(workbench);
  await until("both times", read, (times) => times.length === 2, 20);
  console.log(`# 1,001 runs: ${read().join(" and ")} ms of work, on the screen after ${shown} ms`);
  // Both times are of one machine (`npm run bench ui` has the figures).
  assert.ok(read()[1]! < read()[0]!, read().join());
}

/** Records from now on which rows of the list are repainted. */
async function observeRows({ page }: Workbench): Promise<void> {
  await page.mouse.move(700, 600);
  await page.evaluate(() => {
    const touched = new Set<string>();
    const list = document.querySelector(".part.sidebar .monaco-list-rows")!;
    Object.assign(window, { touched });
    // Only changes inside a row count: VS Code rewrites the row's own number in the list.
    new MutationObserver((all) => {
      for (const { target } of all) {
        const row = (target instanceof Element ? target : target.parentElement)?.closest(".monaco-list-row");
        if (row !== null && row !== undefined && row !== target) touched.add(row.getAttribute("aria-label") ?? "");
      }
    }).observe(list, { subtree: true, childList: true, characterData: true, attributes: true });
  });
}

/** Returns the labels of the rows that were repainted since the last call. */
function repaintedRows({ page }: Workbench): Promise<string[]> {
  return page.evaluate(() => {
    const { touched: all } = window as unknown as { touched: Set<string> };
    const labels = [...all];
    all.clear();
    return labels;
  });
}

/** Appends steps to a run's journal as its worker would, from step 4 to step 9. */
async function appendSteps({ page }: Workbench, run: RunDirectory): Promise<void> {
  const journal = new Journal(run.path);
  for (let step = 4; step < 10; step++) {
    journal.append({
      type: "step",
      step,
      loss: 0.5,
      learningRate: {},
      gradientNorm: {},
      updateRatio: {},
      tokensPerSecond: 9,
      secondsLeft: 3,
    });
    await page.waitForTimeout(300);
  }
  journal.close();
}

test("1,000 runs are listed with less work once they have an index, and a running run repaints its own row alone", async (t) => {
  const folder = session.workspace(3);
  const live = writeThousandRunsAndALiveOne(t, folder);
  const workbench = await session.open(t, folder);
  await assertIndexSavesWork(workbench, folder);

  await observeRows(workbench);
  await until(
    "the list at rest",
    async () => {
      await repaintedRows(workbench);
      await workbench.page.waitForTimeout(1500);
      return repaintedRows(workbench);
    },
    (labels) => labels.length === 0,
  );
  await appendSteps(workbench, live);
  await until(
    "its row counts on",
    () => workbench.runRow("At work").innerText(),
    (text) => text.includes("9/"),
    20,
  );
  const repainted = await repaintedRows(workbench);
  assert.ok(repainted.length > 0 && repainted.every((label) => label.startsWith("Run At work")), repainted.join("\n"));
});

/**
 * Writes a run whose journal is a folder, so that reading it fails.
 * @returns the run's folder, and the journal that would mend it
 */
function writeUnreadableRun(folder: string, id: string): { path: string; journal: string } {
  const { path: finished } = newest(folder);
  const path = join(folder, ".adept/runs", id);
  mkdirSync(join(path, "events.jsonl"), { recursive: true });
  copyFileSync(join(finished, "experiment.json"), join(path, "experiment.json"));
  const journal = readFileSync(join(finished, "events.jsonl"), "utf8")
    .replaceAll(basename(finished), id)
    .replaceAll("Mail in the window", "Mended")
    .replaceAll(SEALS, "");
  return { path, journal };
}

test("without a repository a run trains all the same, and says that it has no commit; a run's folder that cannot be read is shown with the reason and a way to try again", async (t) => {
  const folder = session.workspace(3);
  rmSync(join(folder, ".git"), { recursive: true });
  const workbench = await session.open(t, folder);
  await workbench.showRuns();
  await workbench.page.locator(".part.sidebar .welcome-view-content", { hasText: "no git repository" }).waitFor();
  await workbench.train("mail.adept.json");
  await untilStatus(folder, "finished", 90);
  assert.match(newest(folder).gitMessage ?? "", /not in a git repository/);
  const row = workbench.runRow("Mail in the window");
  await row.waitFor();
  await workbench.menu(row, "Make Branch…");
  await workbench.notification("has no commit").waitFor();

  const id = "20260101-000000-torn";
  const { path, journal } = writeUnreadableRun(folder, id);
  await workbench.command("ADePT: Refresh Runs");
  const broken = workbench.runRow(id);
  await until(
    "why it cannot be read",
    () => broken.innerText(),
    (text) => /cannot be read: EISDIR/.test(text),
  );
  await workbench.page.locator(".part.sidebar .message", { hasText: "cannot be read" }).waitFor();
  rmSync(join(path, "events.jsonl"), { recursive: true });
  writeFileSync(join(path, "events.jsonl"), journal);
  await broken.hover();
  await broken.locator('.action-label[aria-label="Refresh Runs"]').click();
  await workbench.runRow("Mended").waitFor();
  assert.equal(await broken.count(), 0);
});

test("in a workspace of two folders runs are listed under their folder", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "adept-multi-"));
  session.folders.push(root);
  for (const name of ["first", "second"]) {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, `${name}.adept.json`), experiment(name, 3));
  }
  const file = join(root, "both.code-workspace");
  writeFileSync(file, JSON.stringify({ folders: [{ path: "first" }, { path: "second" }] }));
  const workbench = await session.open(t, file);
  const { page } = workbench;
  for (const name of ["first", "second"]) {
    await workbench.openFile(`${name}.adept.json`);
    await workbench.command("ADePT: Train ADePT");
    await untilStatus(join(root, name), "finished", 90);
  }
  await workbench.showRuns();
  await until(
    "a row for each folder, its run inside",
    () => page.locator(".part.sidebar .monaco-list-row").allInnerTexts(),
    (all) =>
      all.length === 4 &&
      all[0] === "first" &&
      all[1]!.startsWith("first") &&
      all[2] === "second" &&
      all[3]!.startsWith("second"),
  );
  assert.deepEqual(
    await page
      .locator(".part.sidebar .monaco-list-row")
      .evaluateAll((rows) => rows.map((row) => row.getAttribute("aria-level"))),
    ["1", "2", "1", "2"],
  );
});
