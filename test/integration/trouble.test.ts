import assert from "node:assert/strict";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readExperiment } from "../../src/experiment/readExperiment.ts";
import { Session } from "./session.ts";
import { untilStatus, untilStep } from "./waitForRun.ts";
import { until, type Workbench } from "./workbench.ts";
import { newest, runPaths } from "./workspace.ts";

const session = new Session({ "security.workspace.trust.enabled": true });

async function open(t: TestContext, folder: string | undefined, trust?: "yes" | "no"): Promise<Workbench> {
  const workbench = await session.open(t, folder);
  if (trust !== undefined)
    await workbench.page
      .locator(".monaco-dialog-box .monaco-button", { hasText: trust === "yes" ? /^Yes/ : /^No/ })
      .click();
  return workbench;
}

test("without a folder the view says that none is needed, and the command asks what to train on", async (t) => {
  const workbench = await open(t, undefined);
  await workbench.showRuns();
  await workbench.page
    .locator(".part.sidebar .welcome-view-content", { hasText: "no folder is needed to start" })
    .waitFor();
  await workbench.command("ADePT: Train ADePT");
  await workbench.page.getByPlaceholder("What data is it trained on?").waitFor();
  await workbench.page.locator(".quick-input-list .monaco-list-row", { hasText: "Sample: spam or ham mail" }).waitFor();
  await workbench.page.keyboard.press("Escape");
  // Every command that needs a run says that there is none, and no error is logged.
  for (const command of ["Stop Run", "Analyse Run…", "Compare Runs", "Predict…", "Export…", "Reproduce Run"]) {
    await workbench.command(`ADePT: ${command}`);
    await workbench.isNotified("There is no such run.");
    await workbench.clearNotifications();
  }
  assert.doesNotMatch(session.server.logged(), /\[error\]/);
});

test("in a folder that is not trusted nothing starts, and the message leads to trust", async (t) => {
  const folder = session.workspace(30);
  const workbench = await open(t, folder, "no");
  await workbench.showRuns();
  await workbench.page
    .locator(".part.sidebar .welcome-view-content", { hasText: "Trust this folder to train in it" })
    .waitFor();
  await workbench.command("ADePT: Train ADePT");
  const message = workbench.notification("starts no training in a folder you have not trusted");
  await message.waitFor();
  await message.locator(".monaco-button", { hasText: "Manage Trust" }).click();
  await workbench.page.locator(".workspace-trust-editor").waitFor();
  assert.equal(existsSync(join(folder, ".adept")), false);
});

test("a wrong experiment is refused with file, line and key, and nothing starts", async (t) => {
  const folder = session.workspace(30);
  writeFileSync(
    join(folder, "mail.adept.json"),
    '{\n  "name": "wrong", "task": { "kind": "mail" }, "method": { "kind": "adept" },\n  "trainning": {}\n}\n',
  );
  const workbench = await open(t, folder, "yes");
  await workbench.train("mail.adept.json");
  await workbench.notification("mail.adept.json:3: trainning: unknown key").waitFor();
  assert.deepEqual(runPaths(folder), []);
});

test("a run whose data is bad fails with the line of the data, in the list and on its page", async (t) => {
  const folder = session.workspace(30);
  // Behind the first megabyte, which is looked at before anything starts.
  const good = `{"text":"${"a ".repeat(60)}","label":"yes"}\n`.repeat(9000);
  writeFileSync(join(folder, "data.jsonl"), `${good}{"text":"b","label":\n`);
  writeFileSync(
    join(folder, "mail.adept.json"),
    JSON.stringify({
      name: "Bad data",
      task: { kind: "file", train: "data.jsonl", source: "{text}", target: "{label}" },
      method: { kind: "adept" },
    }),
  );
  const workbench = await open(t, folder, "yes");
  await workbench.train("mail.adept.json");
  await untilStatus(folder, "failed");
  assert.match(newest(folder).error?.message ?? "", /data\.jsonl:9001/);
  await workbench.showRuns();
  await until(
    "row says failed",
    () => workbench.runRow("Bad data").innerText(),
    (text) => /failed/i.test(text),
  );
  await workbench.runPage().locator("body", { hasText: "data.jsonl:9001" }).waitFor();
  await workbench.notification("data.jsonl:9001").waitFor();
});

test("a run for a graphics processor that the machine lacks fails with what is missing and the command that helps", async (t) => {
  const folder = session.workspace(30);
  const graphics = process.platform === "linux" ? "cuda" : "directml";
  writeFileSync(
    join(folder, "mail.adept.json"),
    JSON.stringify({ name: "On a GPU", task: { kind: "mail" }, method: { kind: "adept" }, engine: graphics }),
  );
  const workbench = await open(t, folder, "yes");
  await workbench.train("mail.adept.json");
  const { error } = await until(
    "failed",
    () => newest(folder),
    ({ status }) => status === "failed",
  );
  assert.match(
    `${error?.message ?? ""} ${error?.action ?? ""}`,
    graphics === "cuda" ? /part for CUDA is not installed.*npm install/ : /for Windows only/,
  );
  await workbench.showRuns();
  await until(
    "row says failed",
    () => workbench.runRow("On a GPU").innerText(),
    (text) => /failed/i.test(text),
  );
  await workbench.notification("engine.device").waitFor();
  await workbench.runPage().locator("body", { hasText: "engine.device" }).waitFor();
});

test("with no experiment yet, the view's button leads to the sample's page, which writes and trains it", async (t) => {
  const folder = session.workspace(30);
  rmSync(join(folder, "mail.adept.json"));
  const workbench = await open(t, folder, "yes");
  await workbench.showRuns();
  await workbench.page
    .locator(".part.sidebar .welcome-view-content .monaco-button", { hasText: "Train ADePT" })
    .click();
  await workbench.choose("Sample: spam or ham mail");
  const setup = workbench.runPage();
  await setup.locator(".budget [role=status]", { hasText: "hidden units" }).waitFor({ timeout: 30_000 });
  await setup.locator("#budget").focus();
  await workbench.page.keyboard.press("Home");
  await setup.locator(".pieces").first().waitFor({ timeout: 30_000 });
  await setup.locator("vscode-button", { hasText: "Write and Train" }).click();
  await untilStep(folder, 2);
  const { method } = readExperiment(join(folder, "mail.adept.json"));
  assert.equal(method.kind === "adept" && method.budget, 1000, "the slider's first stop");
  assert.ok((newest(folder).trainable ?? Infinity) <= 1000);
  await workbench.statusItem().click();
  await untilStatus(folder, "stopped", 90);
});

test("the active data file becomes an experiment, beside one of the same name", async (t) => {
  const folder = session.workspace(30);
  writeFileSync(join(folder, "reviews.adept.json"), "{}");
  writeFileSync(
    join(folder, "reviews.csv"),
    `text,stars,label\n${Array.from({ length: 40 }, (_, i) => `"word ${i}, more",${i % 5},${i % 2 === 0 ? "good" : "bad"}`).join("\n")}\n`,
  );
  const workbench = await open(t, folder, "yes");
  await workbench.openFile("reviews.csv");
  await workbench.command("ADePT: New Experiment…");
  await workbench.choose("the active file");
  const setup = workbench.runPage();
  await setup.locator("th", { hasText: "good" }).waitFor({ timeout: 30_000 });
  await setup.locator("vscode-button", { hasText: "Write Experiment File" }).click();
  const file = join(folder, "reviews-2.adept.json");
  await until("file", () => existsSync(file), Boolean);
  const { task } = readExperiment(file);
  assert.deepEqual(task.kind === "file" && [task.train, task.source, task.target], [
    join(folder, "reviews.csv"),
    "{text}",
    "{label}",
  ]);
  await workbench.page.locator(".tab.active", { hasText: "reviews-2.adept.json" }).waitFor();
});

test("a setup page comes back after a reload of the window, with what was typed", async (t) => {
  const folder = session.workspace(30);
  const workbench = await open(t, folder, "yes");
  writeFileSync(
    join(folder, "d.jsonl"),
    Array.from({ length: 20 }, (_, i) => JSON.stringify({ text: `one ${i}`, label: i % 2 })).join("\n"),
  );
  await workbench.openFile("d.jsonl");
  await workbench.command("ADePT: New Experiment…");
  await workbench.choose("the active file");
  await workbench.runPage().locator("vscode-text-field", { hasText: "Steps" }).locator("input").fill("77");
  // VS Code in a browser stores the state of a page every few seconds.
  await workbench.page.waitForTimeout(7000);
  await workbench.reload();
  await until(
    "steps as typed",
    () => workbench.runPage().locator("vscode-text-field", { hasText: "Steps" }).locator("input").inputValue(),
    (value) => value === "77",
  );
});
