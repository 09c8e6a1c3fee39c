import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test, type TestContext } from "node:test";
import type { Locator } from "playwright-core";
import type { RunRecord } from "../../src/record/record.ts";
import { annotateRun } from "../../src/run/journal/sharedJournal.ts";
import { Session } from "./session.ts";
import { until, type Workbench } from "./workbench.ts";
import { git, records, runPaths } from "./workspace.ts";

const CLI = resolve(import.meta.dirname, "../../dist/cli.js");
const session = new Session({ "security.workspace.trust.enabled": false });
const runOf = (folder: string, method: string, seed: number): RunRecord =>
  records(folder).find((record) => record.method === method && record.seed === seed)!;

/** Makes a folder with four finished runs: two methods, two seeds, and a file edited between the seeds. */
function makeFolderWithRuns(): string {
  const folder = session.workspace(6);
  const file = join(folder, "tiny.adept.json");
  const train = (seed: number): void => {
    execFileSync(process.execPath, [CLI, "train", file, "--set", `seeds=[${seed}]`], { cwd: folder, stdio: "pipe" });
  };
  writeFileSync(
    file,
    JSON.stringify({
      name: "Tiny",
      task: { kind: "mail", maxBodyCharacters: 150 },
      sweep: {
        methods: [
          { kind: "adept", promptLength: 8, bottleneck: 8 },
          { kind: "pt", promptLength: 8 },
        ],
      },
      training: {
        steps: 6,
        batchSize: 16,
        maxSourceLength: 32,
        maxTargetLength: 4,
        warmup: 2,
        evaluateEvery: 3,
        validationLimit: 16,
        testLimit: 32,
      },
      engine: { threads: 1 },
    }),
  );
  train(0);
  appendFileSync(join(folder, "notes.md"), "edited between the runs\n");
  train(1);
  return folder;
}
const rowTexts = (workbench: Workbench): Promise<string[]> =>
  workbench.page.locator(".part.sidebar .monaco-list-row").allInnerTexts();

async function searchAndClear(workbench: Workbench): Promise<void> {
  await workbench.command("ADePT: Search Runs…");
  await workbench.answer("(pt seed=1");
  await until(
    "one run is left",
    () => rowTexts(workbench),
    (all) => all.length === 1 && all[0]!.includes("pt"),
  );
  await workbench.page.locator(".part.sidebar .message", { hasText: "1 of 4 runs: “(pt seed=1”" }).waitFor();
  await workbench.screenshot("explorer-filtered");
  await workbench.command("ADePT: Clear Filter");
  await until(
    "all are back",
    () => rowTexts(workbench),
    (all) => all.length === 6,
  );
}

const goodOne = (workbench: Workbench): Locator => workbench.runRow("The good one");

/** Names a run by F2, tags and stars it by its row's menu, and returns its record once that is committed. */
async function nameTagAndStar(workbench: Workbench, folder: string): Promise<RunRecord> {
  await workbench.runRow("adept").first().click();
  await workbench.page.keyboard.press("F2");
  await workbench.answer("The good one");
  await goodOne(workbench).waitFor();
  await workbench.menu(goodOne(workbench), "Tags…");
  await workbench.answer("paper, first");
  await workbench.menu(goodOne(workbench), "Star");
  await until(
    "the row has its marks",
    () => goodOne(workbench).innerText(),
    (text) => /★/.test(text) && /#paper/.test(text),
  );
  const named = await until(
    "the name, tags and star are committed",
    () => records(folder).find(({ name }) => name === "The good one")!,
    ({ id, resultCommit }) =>
      resultCommit !== undefined &&
      git(folder, "rev-parse", `refs/adept/runs/${id}`).trim() === resultCommit &&
      (JSON.parse(git(folder, "log", "-1", "--format=%b", resultCommit)) as { starred: boolean }).starred,
  );
  assert.deepEqual([named.tags, named.starred, named.renamed], [["paper", "first"], true, true]);
  return named;
}

/** Deletes the named run by key and undoes it; its folder and its ref go and come back. */
async function deleteAndUndo(workbench: Workbench, folder: string, named: RunRecord): Promise<void> {
  await goodOne(workbench).click();
  await workbench.page.keyboard.press("Delete");
  const message = workbench.notification('Deleted "The good one"');
  await message.waitFor();
  await until(
    "its row is gone",
    () => goodOne(workbench).count(),
    (count) => count === 0,
  );
  assert.equal(git(folder, "for-each-ref", `refs/adept/runs/${named.id}`), "");
  await message.locator(".monaco-button", { hasText: "Undo" }).click();
  await goodOne(workbench).waitFor();
  await workbench.runPage().locator("h1", { hasText: "The good one" }).waitFor();
  assert.match(git(folder, "for-each-ref", `refs/adept/runs/${named.id}`), new RegExp(named.resultCommit!));
}

/** Archives the named run, shows archived runs by the filter, and takes it out again. */
async function archiveAndTakeOut(workbench: Workbench): Promise<void> {
  const { page } = workbench;
  await workbench.menu(goodOne(workbench), "Archive");
  await until(
    "archived runs are hidden",
    () => goodOne(workbench).count(),
    (count) => count === 0,
  );
  await workbench.command("ADePT: Filter Runs…");
  const archived = page.locator(".quick-input-list .monaco-list-row", { hasText: "with archived" });
  await archived.click();
  await until(
    "the choice is ticked",
    () =>
      archived.evaluate(
        (element) =>
          element.matches('[aria-checked="true"]') ||
          element.querySelector('[aria-checked="true"], input:checked, .checked') !== null,
      ),
    Boolean,
    10,
  );
  await page.keyboard.press("Enter");
  await until(
    "it is shown as archived",
    () => goodOne(workbench).innerText(),
    (text) => /archived/.test(text),
  );
  await workbench.menu(goodOne(workbench), "Take Out of the Archive");
  await workbench.command("ADePT: Clear Filter");
}

/** Prunes the checkpoints of finished runs, which the command offers with their size. */
async function pruneCheckpoints(workbench: Workbench, folder: string): Promise<void> {
  const { page } = workbench;
  await workbench.command("ADePT: Prune…");
  const prunable = page.locator(".quick-input-list .monaco-list-row", { hasText: "Checkpoints of finished runs" });
  await until(
    "how many can go, with their size",
    () => prunable.innerText(),
    (text) => /4, \d+ (MB|kB)/.test(text),
  );
  await workbench.screenshot("prune");
  await prunable.click();
  await page.keyboard.press("Enter");
  await workbench.notification("Removed 4").waitFor();
  assert.deepEqual(
    runPaths(folder).filter((path) => existsSync(join(path, "checkpoint/state.safetensors"))),
    [],
  );
}

/** Compares the code of the runs of the two seeds, which differ in one edited file. */
async function compareCode(workbench: Workbench, folder: string): Promise<void> {
  const { page } = workbench;
  const [before, after] = [runOf(folder, "pt", 0), runOf(folder, "pt", 1)];
  await workbench.runRow("pt").nth(1).click();
  await workbench
    .runRow("pt")
    .first()
    .click({ modifiers: ["Control"] });
  await workbench.menu(workbench.runRow("pt").first(), "Compare Code of Two Runs");
  await page.locator(".tab.active", { hasText: "notes.md" }).waitFor({ timeout: 20_000 });
  await page
    .locator(".view-line", { hasText: /edited.between.the.runs/ })
    .first()
    .waitFor();
  assert.notEqual(before.snapshotCommit, after.snapshotCommit);
  await workbench.screenshot("code-diff");
}

/** Compares the two selected runs on a page. */
async function compareOnPage(workbench: Workbench): Promise<void> {
  await workbench.menu(workbench.runRow("pt").first(), "Compare Runs");
  await workbench.runPage().locator(".figure h2", { hasText: "Each run against" }).waitFor({ timeout: 30_000 });
  await workbench.screenshot("compared");
}

/** Makes an analysis from its tab: it is drawn, committed, and shown again after a reload. */
async function analyseFromPage(workbench: Workbench, folder: string): Promise<void> {
  const figure = (): Locator =>
    workbench.runPage().locator(".figure h2", { hasText: "Component ablation, post-hoc (H)" });
  const commit = runOf(folder, "pt", 1).resultCommit;
  await workbench.runPage().locator("#tab-ablation").click();
  await workbench.runPage().locator("#view-ablation .card vscode-button").first().click();
  await figure().waitFor({ timeout: 60_000 });
  await until(
    "the analysis is committed",
    () =>
      records(folder)
        .filter(({ analyses }) => analyses["ablation"]?.status === "finished")
        .map(({ resultCommit }) => resultCommit),
    (commits) => commits.length === 1 && commits[0] !== commit,
    60,
  );
  await workbench.screenshot("analysed");
  // VS Code in a browser stores the state of a page every few seconds.
  await workbench.page.waitForTimeout(7000);
  await workbench.reload();
  await figure().waitFor({ timeout: 30_000 });
}

/** Opens a second window on the folder: a star given in it is shown in the first. */
async function starInSecondWindow(t: TestContext, workbench: Workbench, folder: string): Promise<void> {
  const other = await session.open(t, folder);
  await other.showRuns();
  await workbench.showRuns();
  await other.menu(other.runRow("pt").first(), "Star");
  await until(
    "the first window shows the star",
    () => rowTexts(workbench),
    (all) => all.some((text) => /★/.test(text) && /pt/.test(text)),
  );
}

test("a list kept in order: grouped, searched, named, tagged, starred, deleted and restored; compared in figures and in code; analysed from its page", async (t) => {
  const folder = makeFolderWithRuns();
  const workbench = await session.open(t, folder);
  await workbench.showRuns();
  await until(
    "two sweeps with their runs",
    () => rowTexts(workbench),
    (all) =>
      all.length === 6 &&
      all.filter((text) => text.includes("Tiny")).length === 2 &&
      all.filter((text) => text.includes("2 runs")).length === 2,
  );
  await workbench.screenshot("explorer");
  await searchAndClear(workbench);
  const named = await nameTagAndStar(workbench, folder);
  await deleteAndUndo(workbench, folder, named);
  await archiveAndTakeOut(workbench);
  await pruneCheckpoints(workbench, folder);
  await compareCode(workbench, folder);
  await compareOnPage(workbench);
  await analyseFromPage(workbench, folder);
  await starInSecondWindow(t, workbench, folder);
});

test("every click on a row opens its run, while the list is rebuilt several times a second", async (t) => {
  const folder = session.folders[0]!;
  const workbench = await session.open(t, folder);
  const { page } = workbench;
  const named = runOf(folder, "pt", 0);
  const clicked = [runOf(folder, "pt", 1), runOf(folder, "adept", 1)];
  clicked.forEach(({ id }, i) => {
    annotateRun(join(folder, ".adept/runs", id), { name: `Clicked ${i}` });
  });
  await workbench.showRuns();
  await workbench.runRow("Clicked 1").waitFor();
  let renamed = 0;
  // Each of these replaces the rows of the list.
  const renaming = setInterval(() => {
    annotateRun(join(folder, ".adept/runs", named.id), { name: `Renamed ${renamed++}` });
  }, 100);
  try {
    for (let click = 0; click < 40; click++) {
      await workbench.runRow(`Clicked ${click % 2}`).click();
      await page.locator(".tab.active", { hasText: `Clicked ${click % 2}` }).waitFor({ timeout: 5000 });
      // Clicks fall anywhere between two repaints.
      await page.waitForTimeout((click * 37) % 250);
    }
  } finally {
    clearInterval(renaming);
  }
  assert.ok(renamed > 50);
  assert.equal(await page.locator(".notification-list-item").count(), 0);
});
