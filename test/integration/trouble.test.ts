import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readExperiment } from "../../src/experiment/readExperiment.ts";
import { Session } from "./session.ts";
import { until, type Workbench } from "./workbench.ts";
import { newest, runPaths } from "./workspace.ts";

const session = new Session({ "security.workspace.trust.enabled": true });

async function open(t: TestContext, folder: string | undefined, trust?: "yes" | "no"): Promise<Workbench> {
  const workbench = await session.open(t, folder);
  if (trust !== undefined) await workbench.page.locator(".monaco-dialog-box .monaco-button", { hasText: trust === "yes" ? /^Yes/ : /^No/ }).click();
  return workbench;
}

test("without a folder the command and the view say to open one", async (t) => {
  const workbench = await open(t, undefined);
  await workbench.showRuns();
  await workbench.page.locator(".part.sidebar .welcome-view-content", { hasText: "Open a folder to keep experiments" }).waitFor();
  await workbench.command("ADePT: Train ADePT");
  await workbench.notification("ADePT needs an open folder").waitFor();
});

test("in a folder that is not trusted nothing starts, and the message leads to trust", async (t) => {
  const folder = session.workspace(30);
  const workbench = await open(t, folder, "no");
  await workbench.showRuns();
  await workbench.page.locator(".part.sidebar .welcome-view-content", { hasText: "Trust this folder to train in it" }).waitFor();
  await workbench.command("ADePT: Train ADePT");
  const message = workbench.notification("starts no training in a folder you have not trusted");
  await message.waitFor();
  await message.locator(".monaco-button", { hasText: "Manage Trust" }).click();
  await workbench.page.locator(".workspace-trust-editor").waitFor();
  assert.equal(existsSync(join(folder, ".adept")), false);
});

test("a wrong experiment is refused with file, line and key, and nothing starts", async (t) => {
  const folder = session.workspace(30);
  writeFileSync(join(folder, "mail.adept.json"), '{\n  "name": "wrong", "task": { "kind": "mail" }, "method": { "kind": "adept" },\n  "trainning": {}\n}\n');
  const workbench = await open(t, folder, "yes");
  await workbench.command("ADePT: Train ADePT");
  await workbench.choose("mail.adept.json");
  await workbench.notification("mail.adept.json:3: trainning: unknown key").waitFor();
  assert.deepEqual(runPaths(folder), []);
});

test("a run whose data is bad fails with the line of the data, in the list and on its page", async (t) => {
  const folder = session.workspace(30);
  writeFileSync(join(folder, "data.jsonl"), '{"text":"a","label":"yes"}\n{"text":"b","label":\n');
  writeFileSync(join(folder, "mail.adept.json"), JSON.stringify({ name: "Bad data", task: { kind: "file", train: "data.jsonl", source: "{text}", target: "{label}" }, method: { kind: "adept" } }));
  const workbench = await open(t, folder, "yes");
  await workbench.command("ADePT: Train ADePT");
  await workbench.choose("mail.adept.json");
  await until("failed", () => newest(folder).status, (status) => status === "failed");
  assert.match(newest(folder).error?.message ?? "", /data\.jsonl:2/);
  await workbench.showRuns();
  await until("row says failed", () => workbench.runRow("Bad data").innerText(), (text) => /failed/i.test(text));
  await workbench.runPage().locator("body", { hasText: "data.jsonl:2" }).waitFor();
  await workbench.notification("data.jsonl:2").waitFor();
});

test("with no experiment yet, three questions make one of the sample and train it", async (t) => {
  const folder = session.workspace(30);
  rmSync(join(folder, "mail.adept.json"));
  const workbench = await open(t, folder, "yes");
  await workbench.showRuns();
  await workbench.page.locator(".part.sidebar .welcome-view-content .monaco-button", { hasText: "Train ADePT" }).click();
  await workbench.choose("Sample: spam or ham mail");
  await workbench.choose("tiny-t5");
  const input = workbench.page.locator(".quick-input-widget input.input").first();
  await input.fill("none");
  await workbench.page.locator(".quick-input-message", { hasText: "A whole number" }).waitFor();
  await input.fill("5,000");
  await workbench.page.keyboard.press("Enter");
  await until("training", () => newest(folder).lastStep?.step ?? 0, (step) => step >= 2);
  const { method } = readExperiment(join(folder, "mail.adept.json"));
  assert.equal(method.kind === "adept" && method.budget, 5000);
  assert.ok((newest(folder).trainable ?? Infinity) <= 5000);
  await workbench.statusItem().click();
  await until("stopped", () => newest(folder).status, (status) => status === "stopped", 90);
});

test("a data file of one's own becomes an experiment by choosing its columns", async (t) => {
  const folder = session.workspace(30);
  rmSync(join(folder, "mail.adept.json"));
  writeFileSync(join(folder, "reviews.csv"), `text,stars,label\n${Array.from({ length: 40 }, (_, i) => `"word ${i}, more",${i % 5},${i % 2 === 0 ? "good" : "bad"}`).join("\n")}\n`);
  const workbench = await open(t, folder, "yes");
  await workbench.openFile("reviews.csv");
  await workbench.command("ADePT: New Experiment…");
  await workbench.choose("the active file");
  await workbench.page.getByPlaceholder("make up the input").waitFor();
  const chosen = workbench.page.locator(".quick-input-widget .quick-input-count");
  await until("one column chosen", async () => {
    if (!(await chosen.innerText()).startsWith("1 ")) await workbench.choose("text");
    await workbench.page.waitForTimeout(500);
    return chosen.innerText();
  }, (text) => text.startsWith("1 "));
  await workbench.page.keyboard.press("Enter");
  await workbench.page.getByPlaceholder("expected output").waitFor();
  await workbench.choose("label");
  await workbench.choose("tiny-t5");
  await workbench.page.locator(".quick-input-title", { hasText: "3/3" }).waitFor();
  await workbench.page.keyboard.press("Enter");
  const file = join(folder, "reviews.adept.json");
  await until("file", () => existsSync(file) && JSON.parse(readFileSync(file, "utf8")) as unknown, Boolean);
  const { task } = readExperiment(file);
  assert.deepEqual(task.kind === "file" && [task.train, task.source, task.target], [join(folder, "reviews.csv"), "{text}", "{label}"]);
});
