import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import type { Locator } from "playwright-core";
import { readExperiments } from "../../src/experiment/readExperiment.ts";
import { Session } from "./session.ts";
import { untilStatus, untilStep } from "./waitForRun.ts";
import { until, type Workbench } from "./workbench.ts";
import { runPaths } from "./workspace.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const session = new Session({ "security.workspace.trust.enabled": false });

/** Returns the squiggles of the open editor, of one kind or of both. */
const squiggles = ({ page }: Workbench, kind?: "error"): Locator =>
  page.locator(kind === "error" ? ".squiggly-error" : ".squiggly-error, .squiggly-warning");

/** Applies the quick fix with this title at the word that matches; tries again, since its list comes late. */
async function applyQuickFix({ page }: Workbench, word: string, title: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    await page
      .locator(".view-line span span", { hasText: new RegExp(`^\\s*${word}`) })
      .first()
      .click();
    await page.keyboard.press("Control+.");
    const action = page.locator(".action-widget .monaco-list-row", { hasText: title }).first();
    try {
      await action.waitFor({ timeout: 4000 });
      await page.waitForTimeout(300);
      await page.keyboard.press("Enter");
      return;
    } catch (error) {
      if (attempt === 4) throw error;
      await page.keyboard.press("Escape");
    }
  }
}

async function assertFixesMendTheFile(workbench: Workbench): Promise<void> {
  const { page } = workbench;
  await squiggles(workbench).first().waitFor({ timeout: 20_000 });
  await applyQuickFix(workbench, '"mnlii"', 'Change to "mnli"');
  await until(
    "the name is mended",
    () => page.locator(".view-line", { hasText: /"mnli"/ }).count(),
    (count) => count === 1,
  );
  // The schema cannot detect this one: the budget is too small for one prompt token and one hidden unit.
  await until(
    "the budget's squiggle",
    () => squiggles(workbench, "error").count(),
    (count) => count === 1,
    20,
  );
  await applyQuickFix(workbench, "100", "Raise the budget to");
  await until(
    "nothing is wrong any more",
    () => squiggles(workbench).count(),
    (count) => count === 0,
    20,
  );
}

async function assertBudgetHasHover({ page }: Workbench): Promise<void> {
  await page
    .locator(".view-line", { hasText: /"budget"/ })
    .first()
    .locator("span span", { hasText: /^\s*\d+/ })
    .first()
    .hover();
  await page.locator(".monaco-hover", { hasText: "trainable parameters" }).first().waitFor();
}

async function assertCompletionOffersMissingKeys({ page }: Workbench): Promise<void> {
  await page
    .locator(".view-line", { hasText: /"name":."wrong"/ })
    .first()
    .click();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Control+Space");
  await page.locator(".suggest-widget .monaco-list-row", { hasText: "training" }).first().waitFor();
}

test("quick fixes mend an experiment file, and a hover shows what its budget buys", async (t) => {
  const folder = session.workspace(30);
  const file = join(folder, "mail.adept.json");
  const workbench = await session.open(t, folder);
  writeFileSync(
    file,
    '{\n  "name": "wrong",\n  "task": { "kind": "named", "name": "mnlii", "folder": "." },\n  "method": { "kind": "adept", "budget": 100 }\n}\n',
  );
  // Rows that such a task can be made of: others would be a mistake of their own.
  for (const split of ["train", "validation_matched"])
    writeFileSync(join(folder, `${split}.jsonl`), '{"premise":"a","hypothesis":"b","label":0}\n');
  await workbench.openFile("mail.adept.json");
  await assertFixesMendTheFile(workbench);
  await workbench.screenshot("experiment-editing");
  await assertBudgetHasHover(workbench);
  await assertCompletionOffersMissingKeys(workbench);
  assert.ok(existsSync(file));
});

/** Accepts the completion with this text; asks again, since the first answer comes late. */
async function acceptCompletion({ page }: Workbench, text: string): Promise<void> {
  const offered = page.locator(".suggest-widget .monaco-list-row", { hasText: text }).first();
  for (let attempt = 1; ; attempt++) {
    await page.keyboard.press("Control+Space");
    try {
      await offered.waitFor({ timeout: 5000 });
      break;
    } catch (error) {
      if (attempt === 4) throw error;
      await page.keyboard.press("Escape");
    }
  }
  await offered.click();
}

test("completion in an empty file inserts an experiment that can be read; a comma after its last key is no mistake", async (t) => {
  const folder = session.workspace(30);
  const file = join(folder, "own.adept.json");
  const workbench = await session.open(t, folder);
  const { page } = workbench;
  writeFileSync(file, "");
  writeFileSync(
    join(folder, "train.jsonl"),
    `${JSON.stringify({ text: "one", label: "a" })}\n${JSON.stringify({ text: "two", label: "b" })}\n`,
  );
  await workbench.openFile("own.adept.json");
  await page.locator(".editor-instance .view-lines").first().click();
  await acceptCompletion(workbench, "Experiment on a file of your own");
  await page
    .locator(".view-line", { hasText: /"source":/ })
    .first()
    .waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+S");
  await until(
    "it is saved",
    () => readFileSync(file, "utf8"),
    (text) => text.includes('"target"'),
  );
  const [experiment] = readExperiments(file);
  const { task } = experiment!;
  assert.deepEqual(task.kind === "file" && [task.source, task.target], ["{text}", "{label}"]);
  // The reader accepts a comma after the last key, so the editor must too.
  await page.keyboard.press("Control+End");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Backspace");
  await page.keyboard.type(",");
  await page.keyboard.press("Control+S");
  await until(
    "a comma at its end",
    () => readFileSync(file, "utf8"),
    (text) => /,\s*\}\s*$/.test(text),
  );
  await page.waitForTimeout(2500);
  assert.equal(await squiggles(workbench).count(), 0);
});

test("links above an experiment train it, resume a stopped run, and open the last result", async (t) => {
  const folder = session.workspace(200);
  const workbench = await session.open(t, folder);
  const { page } = workbench;
  const lens = (text: string) => page.locator(".codelens-decoration a", { hasText: text }).first();
  await workbench.openFile("mail.adept.json");
  await lens("Train").click();
  await untilStep(folder, 25);
  await workbench.statusItem().click();
  await untilStatus(folder, "stopped");
  await page.locator('.tab[data-resource-name="mail.adept.json"]').click();
  await lens("Resume").click();
  await untilStatus(folder, "finished", 180);
  await page.locator('.tab[data-resource-name="mail.adept.json"]').click();
  await lens("Last result").click();
  await workbench.runPage().locator("h1", { hasText: "Mail in the window" }).waitFor();
  assert.equal(runPaths(folder).length, 1);
});

/** Opens the setup page of the sample, and returns how many parameters its proposed sizes have. */
async function proposedParameters(workbench: Workbench): Promise<number> {
  await workbench.command("ADePT: New Experiment…");
  await workbench.choose("Sample: spam or ham mail");
  const sizes = workbench.runPage().locator(".budget [role=status]", { hasText: "parameters" });
  await sizes.waitFor({ timeout: 30_000 });
  const text = await sizes.innerText();
  await workbench.command("View: Close All Editors");
  return Number(/([\d,]+) parameters/.exec(text)?.[1]?.replaceAll(",", "") ?? "");
}

test("a setting with a value of the wrong type counts as its default, with one warning; a change takes effect without a reload", async (t) => {
  const folder = session.workspace(30);
  const workbench = await session.open(t, folder);
  writeFileSync(
    join(folder, ".vscode/settings.json"),
    JSON.stringify({ "adept.newExperiment.budget": "many", "adept.heatmap.measure": 7 }),
  );
  await workbench.page.waitForTimeout(500);
  const warning = workbench.notification("The setting adept.newExperiment.budget cannot be");
  const warned = warning
    .first()
    .waitFor({ timeout: 30_000 })
    .then(() => warning.count());
  assert.ok((await proposedParameters(workbench)) > 12_000, "the default of 12,800");
  assert.equal(await warned, 1, "one warning");
  await workbench.command("Notifications: Clear All Notifications");
  writeFileSync(join(folder, ".vscode/settings.json"), JSON.stringify({ "adept.newExperiment.budget": 3000 }));
  await workbench.page.waitForTimeout(1000);
  const changed = await proposedParameters(workbench);
  assert.equal(await warning.count(), 0, "a good value needs none");
  assert.ok(changed <= 3000 && changed > 2000, String(changed));
});

/** Packs the extension as another version; asserts that the packer warns of nothing. */
function packExtension(version: string, vsix: string): void {
  const packed = spawnSync(
    process.execPath,
    [
      join(ROOT, "node_modules/@vscode/vsce/vsce"),
      "package",
      version,
      "--no-update-package-json",
      "--no-git-tag-version",
      "--no-dependencies",
      "--target",
      `${process.platform}-${process.arch}`,
      "--out",
      vsix,
    ],
    { cwd: ROOT, encoding: "utf8" },
  );
  assert.equal(packed.status, 0, packed.stderr);
  assert.doesNotMatch(`${packed.stdout}${packed.stderr}`, /WARN/i);
}

test("after an update nothing opens by itself; the next version packs without a warning", async (t) => {
  const folder = session.workspace(30);
  const next = join(mkdtempSync(join(tmpdir(), "adept-next-")), "next.vsix");
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  const newer = version.replace(/\d+$/, (patch) => String(Number(patch) + 1));
  session.folders.push(dirname(next));
  const workbench = await session.open(t, folder);
  const { page } = workbench;
  const tabs = (): Promise<number> => page.locator(".editor-group-container .tab, iframe.webview").count();
  await workbench.showRuns();
  assert.equal(await tabs(), 0);
  packExtension(newer, next);
  session.server.update(next);
  await workbench.reload();
  await workbench.showRuns();
  await workbench.runRow("Mail").or(page.locator(".part.sidebar .welcome-view-content")).first().waitFor();
  await page.waitForTimeout(1500);
  assert.equal(await tabs(), 0, "no page, no walkthrough, no list of changes");
  assert.equal(await page.locator(".notification-toast").count(), 0);
  // It is the new version that runs and opened nothing.
  await workbench.command("Developer: Show Running Extensions");
  await until(
    "the new version runs",
    () => page.locator(".runtime-extensions-editor .monaco-list-row", { hasText: "ADePT Lab" }).innerText(),
    (text) => text.includes(newer),
    30,
  );
});

test("the walkthrough's steps open their pages and are ticked when they are done; nothing opens by itself", async (t) => {
  const folder = session.workspace(30);
  const workbench = await session.open(t, folder);
  const { page } = workbench;
  assert.equal(
    await page.locator(".editor-group-container .tab").count(),
    0,
    "no page and no walkthrough of its own accord",
  );
  await workbench.command("Welcome: Open Walkthrough...");
  await workbench.choose("Get Started With ADePT Lab");
  await page.locator(".getting-started-step", { hasText: "Choose what to train on" }).first().waitFor();
  await workbench.screenshot("walkthrough");
  await page.locator(".getting-started-step .monaco-button", { hasText: "New Experiment" }).first().click();
  await workbench.choose("Sample: spam or ham mail");
  await workbench.runPage().locator("h1", { hasText: "New ADePT experiment" }).waitFor({ timeout: 20_000 });
  await workbench.command("Welcome: Open Walkthrough...");
  await workbench.choose("Get Started With ADePT Lab");
  await until(
    "the first step is ticked",
    () =>
      page
        .locator(
          ".getting-started-step .codicon-getting-started-step-checked.complete, .getting-started-step .complete",
        )
        .count(),
    (count) => count > 0,
    20,
  );
});
