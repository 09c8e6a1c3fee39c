import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { foldEvents } from "../../src/record/foldEvents.ts";
import type { RunRecord } from "../../src/record/record.ts";
import { annotateRun } from "../../src/run/journal/journal.ts";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { Session } from "./session.ts";
import { until, type Workbench } from "./workbench.ts";
import { git, held, runPaths } from "./workspace.ts";

const CLI = resolve(import.meta.dirname, "../../dist/cli.js");
const session = new Session({ "security.workspace.trust.enabled": false });
const records = (folder: string): RunRecord[] => runPaths(folder).map((path) => foldEvents(readJournal(path).events));
const one = (folder: string, method: string, seed: number): RunRecord =>
  records(folder).find((record) => record.method === method && record.seed === seed)!;

/** A folder with four finished runs, two methods and two seeds, the second seed's code edited. */
function trained(): string {
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
const rows = (workbench: Workbench): Promise<string[]> =>
  workbench.page.locator(".part.sidebar .monaco-list-row").allInnerTexts();

test("a list kept in order: grouped, searched, named, tagged, starred, deleted and brought back; compared in figures and in code; analysed from its page", async (t) => {
  const folder = trained();
  const workbench = await session.open(t, folder);
  const { page } = workbench;
  await workbench.showRuns();
  await until(
    "two sweeps with their runs",
    () => rows(workbench),
    (all) =>
      all.length === 6 &&
      all.filter((text) => text.includes("Tiny")).length === 2 &&
      all.filter((text) => text.includes("2 runs")).length === 2,
  );
  await workbench.screenshot("explorer");

  // Search: the list follows, says so, and comes back.
  await workbench.command("ADePT: Search Runs…");
  await workbench.answer("(pt seed=1");
  await until(
    "one run is left",
    () => rows(workbench),
    (all) => all.length === 1 && all[0]!.includes("pt"),
  );
  await page.locator(".part.sidebar .message", { hasText: "1 of 4 runs: “(pt seed=1”" }).waitFor();
  await workbench.screenshot("explorer-filtered");
  await workbench.command("ADePT: Clear Filter");
  await until(
    "all are back",
    () => rows(workbench),
    (all) => all.length === 6,
  );

  // Name by F2, tag, note and star by the row's menu: it is in the journal, and in the row.
  const row = workbench.runRow("adept").first();
  await row.click();
  await page.keyboard.press("F2");
  await workbench.answer("The good one");
  await workbench.runRow("The good one").waitFor();
  await workbench.menu(workbench.runRow("The good one"), "Tags…");
  await workbench.answer("paper, first");
  await workbench.menu(workbench.runRow("The good one"), "Star");
  await until(
    "the row has its marks",
    () => workbench.runRow("The good one").innerText(),
    (text) => /★/.test(text) && /#paper/.test(text),
  );
  const named = await until(
    "what was said is committed",
    () => records(folder).find(({ name }) => name === "The good one")!,
    ({ id, resultCommit }) =>
      resultCommit !== undefined &&
      git(folder, "rev-parse", `refs/adept/runs/${id}`).trim() === resultCommit &&
      (JSON.parse(git(folder, "log", "-1", "--format=%b", resultCommit)) as { starred: boolean }).starred,
  );
  assert.deepEqual([named.tags, named.starred, named.renamed], [["paper", "first"], true, true]);

  // Delete by key, and undo: folder and ref go and come back.
  await workbench.runRow("The good one").click();
  await page.keyboard.press("Delete");
  const message = workbench.notification('Deleted "The good one"');
  await message.waitFor();
  await until(
    "its row is gone",
    () => workbench.runRow("The good one").count(),
    (count) => count === 0,
  );
  assert.equal(git(folder, "for-each-ref", `refs/adept/runs/${named.id}`), "");
  await message.locator(".monaco-button", { hasText: "Undo" }).click();
  await workbench.runRow("The good one").waitFor();
  await workbench.runPage().locator("h1", { hasText: "The good one" }).waitFor();
  assert.match(git(folder, "for-each-ref", `refs/adept/runs/${named.id}`), new RegExp(named.resultCommit!));

  // Archive: away, and back when archived ones are asked for.
  await workbench.menu(workbench.runRow("The good one"), "Archive");
  await until(
    "archived runs are away",
    () => workbench.runRow("The good one").count(),
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
    () => workbench.runRow("The good one").innerText(),
    (text) => /archived/.test(text),
  );
  await workbench.menu(workbench.runRow("The good one"), "Take Out of the Archive");
  await workbench.command("ADePT: Clear Filter");

  // What is no longer needed: shown with its size, nothing of it chosen that is still of use.
  await workbench.command("ADePT: Prune…");
  const prunable = page.locator(".quick-input-list .monaco-list-row", { hasText: "Checkpoints of finished runs" });
  await until(
    "what can go is shown",
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

  // The code of two runs of the two seeds: one edited file.
  const [before, after] = [one(folder, "pt", 0), one(folder, "pt", 1)];
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

  // Two runs side by side on a page.
  await workbench.menu(workbench.runRow("pt").first(), "Compare Runs");
  const run = workbench.runPage();
  await run.locator(".figure h2", { hasText: "Each run against" }).waitFor({ timeout: 30_000 });
  await workbench.screenshot("compared");

  // An analysis from its tab: asked for, made, drawn, committed; and there again after the window is loaded anew.
  const commit = one(folder, "pt", 1).resultCommit;
  await run.locator("#tab-ablation").click();
  await run.locator("#view-ablation .card vscode-button").first().click();
  await run.locator(".figure h2", { hasText: "Component ablation, post-hoc (H)" }).waitFor({ timeout: 60_000 });
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
  // A browser's VS Code stores what a page remembers every few seconds.
  await page.waitForTimeout(7000);
  await workbench.reload();
  await workbench
    .runPage()
    .locator(".figure h2", { hasText: "Component ablation, post-hoc (H)" })
    .waitFor({ timeout: 30_000 });

  // A second window on the folder: what is said in one is seen in the other.
  const other = await session.open(t, folder);
  await other.showRuns();
  await workbench.showRuns();
  await other.menu(other.runRow("pt").first(), "Star");
  await until(
    "the first window shows the star",
    () => rows(workbench),
    (all) => all.some((text) => /★/.test(text) && /pt/.test(text)),
  );
});

test("every click on a row opens its run, while the list is built anew a few times a second", async (t) => {
  const folder = session.folders[0]!;
  const workbench = await session.open(t, folder);
  const { page } = workbench;
  const named = one(folder, "pt", 0);
  const clicked = [one(folder, "pt", 1), one(folder, "adept", 1)];
  clicked.forEach(({ id }, i) => {
    annotateRun(join(folder, ".adept/runs", id), { name: `Clicked ${i}` });
  });
  await workbench.showRuns();
  await workbench.runRow("Clicked 1").waitFor();
  let renamed = 0;
  // Each of these takes the rows away, and brings others.
  const storm = setInterval(() => {
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
    clearInterval(storm);
  }
  assert.ok(renamed > 50);
  assert.equal(await page.locator(".notification-list-item").count(), 0);
});

test("runs that wait are put first, the queue is paused and goes on", async (t) => {
  const folder = session.workspace(400);
  const file = join(folder, "mail.adept.json");
  const workbench = await session.open(t, folder);
  writeFileSync(
    file,
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
  await workbench.command("ADePT: Train ADePT");
  await workbench.choose("mail.adept.json");
  await workbench.showRuns();
  await until(
    "the first is at work",
    () => records(folder).find(({ seed }) => seed === 0)?.lastStep?.step ?? 0,
    (step) => step > 1,
  );
  await held(one(folder, "adept", 0).pid, async () => {
    await workbench.menu(workbench.runRow("seed 2"), "Train Next");
    await workbench.command("ADePT: Pause Queue After This Run");
  });
  await until(
    "the run at work ends, the others wait",
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
