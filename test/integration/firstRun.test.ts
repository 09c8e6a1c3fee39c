import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { FrameLocator } from "playwright-core";
import { readExperiment } from "../../src/experiment/readExperiment.ts";
import { isOnPath, makeBarePath } from "./barePath.ts";
import { executableOf, variableOf } from "./processes.ts";
import { Session } from "./session.ts";
import { untilStatus } from "./waitForRun.ts";
import { until, type Workbench } from "./workbench.ts";
import { git, newest } from "./workspace.ts";

const home = mkdtempSync(join(tmpdir(), "adept-home-"));
const path = makeBarePath(join(home, "bin"));
/**
 * A machine without a user's name or e-mail address, and with no program but git and what VS Code's server needs. Its
 * Node is VS Code's own, which is on no PATH.
 */
const session = new Session(
  { "security.workspace.trust.enabled": true },
  { HOME: home, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1", PATH: path, EMAIL: "" },
);
session.folders.push(home);

/** Makes a folder, not yet known to VS Code, with a data file of 60 film reviews. */
function makeFolderWithReviews(): string {
  const folder = mkdtempSync(join(tmpdir(), "adept-own-"));
  session.folders.push(folder);
  const rows = Array.from({ length: 60 }, (_, i) => {
    const [opinion, label] = i % 2 === 0 ? ["a joy, warm and well told", "good"] : ["dull, long and badly made", "bad"];
    return `${i},"the film no ${i} was ${opinion}",${label}`;
  });
  writeFileSync(join(folder, "reviews.csv"), `id,text,label\n${rows.join("\n")}\n`);
  git(folder, "init", "--quiet");
  return folder;
}

/** The setup page shows what the model reads, the labels, the sizes that the budget buys, and a forecast. */
async function assertSetupShowsTheData(setup: FrameLocator): Promise<void> {
  await setup.locator("h3", { hasText: "As the model reads it" }).waitFor({ timeout: 30_000 });
  assert.equal(await setup.locator(".pieces").first().innerText(), " the film no 0 was a joy, warm and well told</s>");
  await setup.locator("th", { hasText: "good" }).waitFor();
  await until(
    "the budget's sizes",
    () => setup.locator(".budget [role=status]").innerText(),
    (text) => /Prompt of \d+ tokens, \d+ hidden units: [\d,]+ parameters/.test(text),
  );
  await until(
    "a forecast from real steps",
    () => setup.locator("section [role=status]").last().innerText(),
    (text) => /in all.*a step.*of memory/.test(text),
    60,
  );
}

/** The machine needs nothing else: the worker runs on VS Code's own Node, and finds no other on its PATH. */
async function assertWorkerNeedsNothingElse(folder: string): Promise<void> {
  const worker = await until(
    "the worker",
    () => {
      const pid = newest(folder).pid ?? 0;
      return { runs: executableOf(pid), path: variableOf(pid, "PATH") ?? "" };
    },
    () => true,
    30,
  );
  assert.equal(worker.runs, executableOf(session.server.pid));
  assert.notEqual(worker.runs, executableOf(process.pid), "not the Node that runs this test");
  assert.ok(worker.path.endsWith(`:${path}`) && isOnPath("git", worker.path), worker.path);
  for (const name of ["node", "npm", "python3", "python", "bwrap"])
    assert.equal(isOnPath(name, worker.path), false, name);
}

/** The experiment file has what the setup page showed, and the run keeps to its budget and is committed. */
function assertExperimentAndRun(folder: string): void {
  const written = join(folder, "reviews.adept.json");
  const { task, training, method } = readExperiment(written);
  assert.deepEqual(task.kind === "file" && [task.train, task.source, task.target], [
    join(folder, "reviews.csv"),
    "{text}",
    "{label}",
  ]);
  assert.equal(training.steps, 60);
  assert.match(
    readFileSync(written, "utf8"),
    /"train": "reviews\.csv"[\s\S]*"budget": 12800,? \/\/ most trainable parameters: a prompt of \d+ tokens and \d+ hidden units/,
  );
  assert.ok(method.kind === "adept" && (newest(folder).trainable ?? Infinity) <= 12_800);
  assert.match(
    git(folder, "log", "-1", "--format=%an <%ae>", `refs/adept/runs/${newest(folder).id}`),
    /ADePT Lab <adept-lab@localhost>/,
    "committed although git knows nobody",
  );
}

async function untilColoured(workbench: Workbench): Promise<void> {
  await until(
    "colours over the text",
    () => workbench.colouredRanges(),
    (count) => count > 50,
  );
}

/** A hover on a token shows the nearest words. */
async function assertTokensHaveHovers({ page }: Workbench): Promise<void> {
  const line = (await page
    .locator(".view-line", { hasText: /film.no.3.was/ })
    .first()
    .boundingBox())!;
  await until(
    "a hover on a token",
    async () => {
      await page.mouse.move(line.x + 60 + 40 * Math.random(), line.y + 9);
      await page.waitForTimeout(900);
      return page.locator(".monaco-hover", { hasText: "Nearest words after its offset" }).count();
    },
    (count) => count > 0,
    30,
  );
}

/** After an edit the text is coloured again; the command that hides the heatmap removes all colours. */
async function editAndHide(workbench: Workbench): Promise<void> {
  const { page } = workbench;
  await page
    .locator(".view-line", { hasText: /film.no.0/ })
    .first()
    .click();
  await page.keyboard.press("End");
  await page.keyboard.type(" indeed");
  await untilColoured(workbench);
  await workbench.command("ADePT: Hide Offset Heatmap");
  await until(
    "no colours",
    () => workbench.colouredRanges(),
    (count) => count === 0,
  );
}

test("from an empty window and one's own CSV file to an offset heatmap over its text, in under ten clicks", async (t) => {
  const folder = makeFolderWithReviews();
  const workbench = await session.open(t, undefined);
  const { page } = workbench;
  let clicks = 0;
  const click = async (work: () => Promise<unknown>): Promise<void> => {
    clicks++;
    await work();
  };

  await click(() => workbench.command("ADePT: Train ADePT"));
  await click(() => workbench.choose("A data file…"));
  await click(() => workbench.choosePath(join(folder, "reviews.csv")));
  const setup = workbench.runPage();
  await assertSetupShowsTheData(setup);
  await workbench.screenshot("setup");
  await click(async () => {
    const steps = setup.locator("vscode-text-field", { hasText: "Steps" }).locator("input");
    await steps.fill("60");
  });
  await page.waitForTimeout(800);
  await click(() => setup.locator("vscode-button", { hasText: "Write and Train" }).click());
  await assertWorkerNeedsNothingElse(folder);
  await untilStatus(folder, "finished", 120);
  assertExperimentAndRun(folder);

  await click(() => workbench.showRuns());
  await click(() => workbench.menu(workbench.runRow("reviews"), "Show Offset Heatmap"));
  await page.locator('.tab.active[data-resource-name="reviews.csv"]').waitFor();
  await untilColoured(workbench);
  assert.ok(clicks < 10, `${clicks} clicks`);
  await page.locator('.part.statusbar [id$="adept.heatmap"]', { hasText: "Offset norm" }).waitFor();
  await workbench.screenshot("first-heatmap");
  await assertTokensHaveHovers(workbench);
  await workbench.screenshot("heatmap-hover");
  console.log(`# clicks: ${clicks}`);
  await editAndHide(workbench);
});

test("the sample needs no folder at all", async (t) => {
  const workbench = await session.open(t, undefined);
  await workbench.showRuns();
  await workbench.command("ADePT: New Experiment…");
  await workbench.choose("Sample: spam or ham mail");
  const setup = workbench.runPage();
  await setup.locator("h3", { hasText: "As the model reads it" }).waitFor({ timeout: 60_000 });
  await setup.locator(".warning", { hasText: "longer and will be cut" }).waitFor();
  await setup.locator("vscode-button", { hasText: "Write Experiment File" }).click();
  await workbench.page.locator(".tab.active", { hasText: "mail.adept.json" }).waitFor({ timeout: 30_000 });
  await workbench.page.locator(".codelens-decoration a", { hasText: "Train" }).first().waitFor({ timeout: 30_000 });
});
