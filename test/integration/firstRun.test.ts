import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readExperiment } from "../../src/experiment/readExperiment.ts";
import { isOnPath, makeBarePath } from "./barePath.ts";
import { executableOf, variableOf } from "./processes.ts";
import { Session } from "./session.ts";
import { until } from "./workbench.ts";
import { git, newest } from "./workspace.ts";

const home = mkdtempSync(join(tmpdir(), "adept-home-"));
const path = makeBarePath(join(home, "bin"));
/**
 * A machine that knows nobody: no name, no e-mail, and nothing but git and what VS Code's server needs; its Node is VS
 * Code's own, which no path names.
 */
const session = new Session(
  { "security.workspace.trust.enabled": true },
  { HOME: home, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1", PATH: path, EMAIL: "" },
);
session.folders.push(home);

test("from an empty window and one's own CSV file to an offset heatmap over its text, in under ten clicks", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "adept-own-"));
  const file = join(folder, "reviews.csv");
  session.folders.push(folder);
  writeFileSync(
    file,
    `id,text,label\n${Array.from({ length: 60 }, (_, i) => `${i},"the film no ${i} was ${i % 2 === 0 ? "a joy, warm and well told" : "dull, long and badly made"}",${i % 2 === 0 ? "good" : "bad"}`).join("\n")}\n`,
  );
  git(folder, "init", "--quiet");
  const workbench = await session.open(t, undefined);
  const { page } = workbench;
  let clicks = 0;
  const click = async (work: () => Promise<unknown>): Promise<void> => {
    clicks++;
    await work();
  };

  await click(() => workbench.command("ADePT: Train ADePT"));
  await click(() => workbench.choose("A data file…"));
  await click(() => workbench.choosePath(file));
  const setup = workbench.runPage();
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
  await workbench.screenshot("setup");
  await click(async () => {
    const steps = setup.locator("vscode-text-field", { hasText: "Steps" }).locator("input");
    await steps.fill("60");
  });
  await page.waitForTimeout(800);
  await click(() => setup.locator("vscode-button", { hasText: "Write and Train" }).click());
  // Nothing else is needed on the machine: the worker runs on VS Code's own Node, and finds no other.
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
  await until(
    "finished",
    () => newest(folder).status,
    (status) => status === "finished",
    120,
  );

  const written = join(folder, "reviews.adept.json");
  const { task, training, method } = readExperiment(written);
  assert.deepEqual(task.kind === "file" && [task.train, task.source, task.target], [file, "{text}", "{label}"]);
  assert.equal(training.steps, 60);
  assert.match(
    readFileSync(written, "utf8"),
    /"train": "reviews\.csv"[\s\S]*"budget": 12800,? \/\/ most trainable parameters: a prompt of \d+ tokens and \d+ hidden units/,
  );
  assert.ok(method.kind === "adept" && (newest(folder).trainable ?? Infinity) <= 12_800);
  const record = newest(folder);
  assert.match(
    git(folder, "log", "-1", "--format=%an <%ae>", `refs/adept/runs/${record.id}`),
    /ADePT Lab <adept-lab@localhost>/,
    "committed although git knows nobody",
  );

  await click(() => workbench.showRuns());
  await click(() => workbench.menu(workbench.runRow("reviews"), "Show Offset Heatmap"));
  await page.locator('.tab.active[data-resource-name="reviews.csv"]').waitFor();
  await until(
    "colours over the text",
    () => workbench.coloured(),
    (count) => count > 50,
  );
  assert.ok(clicks < 10, `${clicks} clicks`);
  await page.locator('.part.statusbar [id$="adept.heatmap"]', { hasText: "Offset norm" }).waitFor();
  await workbench.screenshot("first-heatmap");
  // What stands under the cursor is told.
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
  await workbench.screenshot("heatmap-hover");
  console.log(`# clicks: ${clicks}`);

  // An edit: the changed row is bare at once and coloured again, the others keep theirs.
  await page
    .locator(".view-line", { hasText: /film.no.0/ })
    .first()
    .click();
  await page.keyboard.press("End");
  await page.keyboard.type(" indeed");
  await until(
    "still coloured",
    () => workbench.coloured(),
    (count) => count > 50,
  );
  await workbench.command("ADePT: Hide Offset Heatmap");
  await until(
    "no colours",
    () => workbench.coloured(),
    (count) => count === 0,
  );
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
