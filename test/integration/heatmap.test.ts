import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { mostOfAType, mostRanges } from "./decorationCalls.ts";
import { Session } from "./session.ts";
import { until, type Workbench } from "./workbench.ts";
import { git, newest, runPaths } from "./workspace.ts";

const CLI = resolve(import.meta.dirname, "../../dist/cli.js");
const THEMES = {
  dark: "Default Dark Modern",
  light: "Default Light Modern",
  "high-contrast": "Default High Contrast",
  "high-contrast-light": "Default High Contrast Light",
};
const session = new Session({ "security.workspace.trust.enabled": false });
const words = ["river", "stone", "light", "paper", "green", "seven"];

/**
 * A folder with an ADePT and a DePT run on its own data, as a person has it: a byte-order mark, CRLF, emoji, CJK, a
 * long line.
 */
function trained(): string {
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
const legend = (workbench: Workbench): Promise<string> =>
  workbench.page.locator('.part.statusbar [id$="adept.heatmap"]').innerText();

test("offsets over a data file: two runs side by side, other measures, edits, four themes, long lines, off again", async (t) => {
  const folder = trained();
  const workbench = await session.open(t, folder);
  const { page } = workbench;
  await workbench.showRuns();
  await workbench.openFile("data.jsonl");
  assert.equal(await workbench.coloured(), 0, "off until it is asked for");
  await workbench.command("ADePT: Show Offset Heatmap");
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "adept" }).first().click();
  await until(
    "colours",
    () => workbench.coloured(),
    (count) => count > 100,
  );
  const most = [mostRanges(workbench.decorations.taken())];
  assert.match(await legend(workbench), /Offset norm/);
  for (const [name, theme] of Object.entries(THEMES)) {
    writeFileSync(join(folder, ".vscode/settings.json"), JSON.stringify({ "workbench.colorTheme": theme }));
    await until(
      name,
      () => page.locator(".monaco-workbench").getAttribute("class"),
      (classes) =>
        new RegExp(
          { dark: "vs-dark", light: "vs(?!-)", "high-contrast": "hc-black", "high-contrast-light": "hc-light" }[name] ??
            "",
        ).test(classes ?? ""),
    );
    await page.waitForTimeout(800);
    await until(
      `colours in ${name}`,
      () => workbench.coloured(),
      (count) => count > 100,
    );
    await workbench.screenshot(`heatmap-${name}`);
  }
  writeFileSync(join(folder, ".vscode/settings.json"), "{}");
  await page.locator('.part.statusbar [id$="adept.heatmap"]').click();
  await workbench.choose("Cosine to the mean offset");
  await until(
    "the measure",
    () => legend(workbench),
    (text) => /Cosine.*-1–1/.test(text),
  );
  await page.locator('.part.statusbar [id$="adept.heatmap"]').click();
  await workbench.choose("Offset norm");

  await workbench.command("ADePT: Compare Heatmap With Another Run…");
  await until(
    "two editors on one text",
    () => page.locator(".editor-instance .monaco-editor").count(),
    (count) => count >= 2,
  );
  await until(
    "the places' norms beside",
    () => legend(workbench),
    (text) => /place/.test(text),
  );
  const scale = /([\d.]+–[\d.]+)/.exec(await legend(workbench))?.[1];
  await workbench.screenshot("heatmap-beside");
  await page.locator(".editor-group-container").first().locator(".view-line").nth(3).click();
  await until(
    "one scale for both",
    () => legend(workbench),
    (text) => scale !== undefined && /Offset norm/.test(text) && !/place/.test(text) && text.includes(scale),
  );

  await workbench.command("ADePT: Show Token Values as Table");
  await page
    .locator(".view-line", { hasText: /line,column,text,token,place,norm/ })
    .first()
    .waitFor();
  await workbench.command("View: Close Editor");
  await workbench.command("View: Close All Editors");

  workbench.decorations.taken();
  await workbench.openFile("long.txt");
  assert.equal(await workbench.coloured(), 0);
  await workbench.command("ADePT: Show Offset Heatmap");
  await page.locator(".quick-input-list .monaco-list-row", { hasText: "adept" }).first().click();
  await until(
    "a line of 100,000 characters",
    () => workbench.coloured(),
    (count) => count > 10,
  );
  // What VS Code is told: never more than 2,000 ranges; and after a scroll, each colour once.
  const scrolls: number[] = [];
  most.push(mostRanges(workbench.decorations.taken()));
  assert.ok(
    most.every((count) => count > 100 && count <= 2000),
    most.join(),
  );
  for (let scroll = 0; scroll < 3; scroll++) {
    await page.waitForTimeout(700);
    workbench.decorations.taken();
    await page.mouse.wheel(scroll % 2 === 0 ? 400 : -400, 0);
    await page.keyboard.press(scroll % 2 === 0 ? "Alt+PageDown" : "Alt+PageUp");
    await page.waitForTimeout(700);
    scrolls.push(mostOfAType(workbench.decorations.taken()));
  }
  // A machine that is busy may be told of one scroll twice.
  assert.ok(scrolls.includes(1), scrolls.join());
  const typed = Date.now();
  await page.locator(".view-line", { hasText: /stone/ }).first().click();
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("abc ");
  await page.locator(".view-line", { hasText: /abc/ }).first().waitFor();
  assert.ok(Date.now() - typed < 8000, "typing is not held up");
  await workbench.command("ADePT: Hide Offset Heatmap");
  await until(
    "off",
    () => workbench.coloured(),
    (count) => count === 0,
  );
});

test("from a run: a prediction explained, files restored and put back, a branch, a second try that is the same to the byte", async (t) => {
  const folder = session.folders[0]!;
  const workbench = await session.open(t, folder);
  const { page } = workbench;
  const adept = runPaths(folder).find(
    (path) =>
      (JSON.parse(readFileSync(join(path, "experiment.json"), "utf8")) as { method: { kind: string } }).method.kind ===
      "adept",
  )!;
  await workbench.showRuns();
  const row = workbench.runRow("adept").first();
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

  await workbench.menu(row, "Make Branch…");
  await workbench.answer("tuned/first");
  await workbench.notification("is made").waitFor();
  assert.match(git(folder, "for-each-ref", "refs/heads/tuned/first"), /tuned\/first/);
  assert.equal(git(folder, "branch", "--show-current").trim(), "main");

  mkdirSync(join(folder, "exports"));
  await workbench.menu(row, "Export…");
  await workbench.choose("Folded model");
  await workbench.choosePath(`${join(folder, "exports")}/`);
  await workbench.notification("Exported to").waitFor({ timeout: 30_000 });

  await workbench.menu(row, "Reproduce Run");
  await until(
    "made again",
    () => newest(folder),
    ({ status, reproduced }) => status === "finished" && reproduced !== undefined,
    120,
  );
  assert.deepEqual([newest(folder).reproduced?.same, newest(folder).reproduced?.of], [true, adept.split("/").at(-1)]);
  await workbench.notification("every byte of the result is that of the original").waitFor({ timeout: 20_000 });
});
