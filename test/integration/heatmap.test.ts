import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { test } from "node:test";
import type { Locator } from "playwright-core";
import { mostOfAType, mostRanges } from "./decorationCalls.ts";
import { Session } from "./session.ts";
import { THEMES } from "./themes.ts";
import { until, type Workbench } from "./workbench.ts";
import { git, newest, runPaths } from "./workspace.ts";

const CLI = resolve(import.meta.dirname, "../../dist/cli.js");
const session = new Session({ "security.workspace.trust.enabled": false });
const words = ["river", "stone", "light", "paper", "green", "seven"];

/**
 * Makes a folder with an ADePT and a DePT run on its own data. The data are as difficult as a user's: a byte-order
 * mark, CRLF, emoji, CJK, a long line.
 */
function makeFolderWithRuns(): string {
  const folder = session.workspace(6);
  const rows = Array.from({ length: 80 }, (_, i) =>
    JSON.stringify({
      id: i,
      text: `${words[i % 6]} 😀 ${words[(i * 5 + 1) % 6]} 好 café ${i}`,
      label: i % 2 === 0 ? "yes" : "no",
    }),
  );
  writeFileSync(join(folder, "data.jsonl"), `\uFEFF${rows.join("\r\n")}\r\n`);
  writeFileSync(
    join(folder, "long.txt"),
    `${"stone and paper and river ".repeat(4000)}\n${"short line\n".repeat(120)}`,
  );
  writeFileSync(
    join(folder, "two.adept.json"),
    JSON.stringify({
      name: "Two",
      task: { kind: "file", train: "data.jsonl", source: "say {text}", target: "{label}" },
      sweep: {
        methods: [
          { kind: "adept", promptLength: 8, bottleneck: 8 },
          { kind: "dept", promptLength: 8, rank: 4 },
        ],
      },
      training: { steps: 10, batchSize: 16, maxSourceLength: 32, maxTargetLength: 4, warmup: 2, evaluateEvery: 5 },
      engine: { threads: 1 },
    }),
  );
  execFileSync(process.execPath, [CLI, "train", join(folder, "two.adept.json")], { cwd: folder, stdio: "pipe" });
  return folder;
}
const legend = (workbench: Workbench): Locator => workbench.page.locator('.part.statusbar [id$="adept.heatmap"]');

async function untilLegend(workbench: Workbench, what: string, fits: (text: string) => boolean): Promise<void> {
  await until(what, () => legend(workbench).innerText(), fits);
}

async function untilColoured(workbench: Workbench, what: string, more: number): Promise<void> {
  await until(
    what,
    () => workbench.colouredRanges(),
    (count) => count > more,
  );
}

/** Opens a file, which has no colours yet, and shows the offsets of the ADePT run over it. */
async function showHeatmapOver(workbench: Workbench, file: string): Promise<void> {
  await workbench.openFile(file);
  assert.equal(await workbench.colouredRanges(), 0, "off until it is asked for");
  await workbench.command("ADePT: Show Offset Heatmap");
  await workbench.page.locator(".quick-input-list .monaco-list-row", { hasText: "adept" }).first().click();
}

async function hideHeatmap(workbench: Workbench): Promise<void> {
  await workbench.command("ADePT: Hide Offset Heatmap");
  await until(
    "no colours",
    () => workbench.colouredRanges(),
    (count) => count === 0,
  );
}

/** VS Code must never be given more than 2,000 ranges. */
function assertRangesAreBounded(most: number): void {
  assert.ok(most > 100 && most <= 2000, `${most} ranges`);
}

async function assertColoursInEveryTheme(workbench: Workbench, folder: string): Promise<void> {
  for (const { name, setting, workbenchClass } of THEMES) {
    writeFileSync(join(folder, ".vscode/settings.json"), JSON.stringify({ "workbench.colorTheme": setting }));
    await until(
      name,
      () => workbench.page.locator(".monaco-workbench").getAttribute("class"),
      (classes) => workbenchClass.test(classes ?? ""),
    );
    await workbench.page.waitForTimeout(800);
    await untilColoured(workbench, `colours in ${name}`, 100);
    await workbench.screenshot(`heatmap-${name}`);
  }
  writeFileSync(join(folder, ".vscode/settings.json"), "{}");
}

/** Chooses another measure by a click on the legend, and the first one again. */
async function changeMeasure(workbench: Workbench): Promise<void> {
  await legend(workbench).click();
  await workbench.choose("Cosine to the mean offset");
  await untilLegend(workbench, "the measure", (text) => /Cosine.*-1–1/.test(text));
  await legend(workbench).click();
  await workbench.choose("Offset norm");
}

/** Shows the DePT run beside the ADePT run: both editors have one scale. */
async function compareWithAnotherRun(workbench: Workbench): Promise<void> {
  const { page } = workbench;
  await workbench.command("ADePT: Compare Heatmap With Another Run…");
  await until(
    "two editors on one text",
    () => page.locator(".editor-instance .monaco-editor").count(),
    (count) => count >= 2,
  );
  await untilLegend(workbench, "the norms at each place, of DePT", (text) => /place/.test(text));
  const scale = /([\d.]+–[\d.]+)/.exec(await legend(workbench).innerText())?.[1];
  await workbench.screenshot("heatmap-beside");
  await page.locator(".editor-group-container").first().locator(".view-line").nth(3).click();
  await untilLegend(
    workbench,
    "one scale for both",
    (text) => scale !== undefined && /Offset norm/.test(text) && !/place/.test(text) && text.includes(scale),
  );
}

async function showTokenTable(workbench: Workbench): Promise<void> {
  await workbench.command("ADePT: Show Token Values as Table");
  await workbench.page
    .locator(".view-line", { hasText: /line,column,text,token,place,norm/ })
    .first()
    .waitFor();
  await workbench.command("View: Close Editor");
  await workbench.command("View: Close All Editors");
}

/** After a scroll each colour is set once. */
async function assertScrollSetsEachColourOnce({ page, decorations }: Workbench): Promise<void> {
  const scrolls: number[] = [];
  for (let scroll = 0; scroll < 3; scroll++) {
    await page.waitForTimeout(700);
    decorations.drain();
    await page.mouse.wheel(scroll % 2 === 0 ? 400 : -400, 0);
    await page.keyboard.press(scroll % 2 === 0 ? "Alt+PageDown" : "Alt+PageUp");
    await page.waitForTimeout(700);
    scrolls.push(mostOfAType(decorations.drain()));
  }
  // A busy machine may report one scroll twice.
  assert.ok(scrolls.includes(1), scrolls.join());
}

async function assertTypingIsFast({ page }: Workbench): Promise<void> {
  const typed = Date.now();
  await page.locator(".view-line", { hasText: /stone/ }).first().click();
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("abc ");
  await page.locator(".view-line", { hasText: /abc/ }).first().waitFor();
  assert.ok(Date.now() - typed < 8000, "the heatmap does not block typing");
}

test("offsets over a data file: two runs side by side, other measures, edits, four themes, long lines, off again", async (t) => {
  const folder = makeFolderWithRuns();
  const workbench = await session.open(t, folder);
  await workbench.showRuns();
  await showHeatmapOver(workbench, "data.jsonl");
  await untilColoured(workbench, "colours", 100);
  assertRangesAreBounded(mostRanges(workbench.decorations.drain()));
  assert.match(await legend(workbench).innerText(), /Offset norm/);
  await assertColoursInEveryTheme(workbench, folder);
  await changeMeasure(workbench);
  await compareWithAnotherRun(workbench);
  await showTokenTable(workbench);

  workbench.decorations.drain();
  await showHeatmapOver(workbench, "long.txt");
  await untilColoured(workbench, "a line of 100,000 characters", 10);
  assertRangesAreBounded(mostRanges(workbench.decorations.drain()));
  await assertScrollSetsEachColourOnce(workbench);
  await assertTypingIsFast(workbench);
  await hideHeatmap(workbench);
});

async function explainPrediction(workbench: Workbench, row: Locator): Promise<void> {
  const { page } = workbench;
  await workbench.menu(row, "Predict…");
  await workbench.answer("stone and paper");
  await page
    .locator(".view-line", { hasText: /Probability/ })
    .first()
    .waitFor({ timeout: 30_000 });
  await page
    .locator(".view-line", { hasText: /Without.its.offset/ })
    .first()
    .waitFor();
  await workbench.screenshot("predicted");
  await workbench.command("View: Close All Editors");
}

/** Restores a file that was edited after the run, and puts the edited one back by Undo. */
async function restoreFileAndUndo(workbench: Workbench, row: Locator, folder: string): Promise<void> {
  const { page } = workbench;
  writeFileSync(join(folder, "notes.md"), "# edited after the run\n");
  await workbench.menu(row, "Restore Files…");
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "notes.md" }).first().click();
  await page.keyboard.press("Enter");
  const dialog = page.locator(".monaco-dialog-box", { hasText: "Write these files as run" });
  await dialog.waitFor();
  await dialog.locator(".monaco-button", { hasText: "Restore 1 Files" }).click();
  const message = workbench.notification("files are restored");
  await message.waitFor();
  assert.equal(readFileSync(join(folder, "notes.md"), "utf8"), "# Notes\nedited\n");
  await message.locator(".monaco-button", { hasText: "Undo" }).click();
  await until(
    "put back",
    () => readFileSync(join(folder, "notes.md"), "utf8"),
    (text) => text === "# edited after the run\n",
  );
}

/** Makes a branch at the run's commit; the branch of the work tree stays the current one. */
async function makeBranch(workbench: Workbench, row: Locator, folder: string): Promise<void> {
  await workbench.menu(row, "Make Branch…");
  await workbench.answer("tuned/first");
  await workbench.notification("is made").waitFor();
  assert.match(git(folder, "for-each-ref", "refs/heads/tuned/first"), /tuned\/first/);
  assert.equal(git(folder, "branch", "--show-current").trim(), "main");
}

async function exportFoldedModel(workbench: Workbench, row: Locator, folder: string): Promise<void> {
  mkdirSync(join(folder, "exports"));
  await workbench.menu(row, "Export…");
  await workbench.choose("Folded model");
  await workbench.choosePath(`${join(folder, "exports")}/`);
  await workbench.notification("Exported to").waitFor({ timeout: 30_000 });
}

/** Reproduces the run: every byte of the result is the same. */
async function reproduce(workbench: Workbench, row: Locator, folder: string, original: string): Promise<void> {
  await workbench.menu(row, "Reproduce Run");
  await until(
    "made again",
    () => newest(folder),
    ({ status, reproduced }) => status === "finished" && reproduced !== undefined,
    120,
  );
  assert.deepEqual([newest(folder).reproduced?.same, newest(folder).reproduced?.of], [true, original]);
  await workbench.notification("every byte of the result is that of the original").waitFor({ timeout: 20_000 });
}

test("from a run: a prediction explained, files restored and put back, a branch, an export, a reproduction that is the same to the byte", async (t) => {
  const folder = session.folders[0]!;
  const workbench = await session.open(t, folder);
  const adept = runPaths(folder).find(
    (path) =>
      (JSON.parse(readFileSync(join(path, "experiment.json"), "utf8")) as { method: { kind: string } }).method.kind ===
      "adept",
  )!;
  await workbench.showRuns();
  const row = workbench.runRow("adept").first();
  await explainPrediction(workbench, row);
  await restoreFileAndUndo(workbench, row, folder);
  await makeBranch(workbench, row, folder);
  await exportFoldedModel(workbench, row, folder);
  await reproduce(workbench, row, folder, basename(adept));
});
