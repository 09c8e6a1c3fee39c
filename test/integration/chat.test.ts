import assert from "node:assert/strict";
import { existsSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import type { FrameLocator } from "playwright-core";
import { readExperiment } from "../../src/experiment/readExperiment.ts";
import { Session } from "./session.ts";
import { THEMES } from "./themes.ts";
import { untilStatus } from "./waitForRun.ts";
import { until } from "./workbench.ts";
import { git, newest } from "./workspace.ts";

const SMOLLM2 = resolve(import.meta.dirname, "../cache/smollm2");
const needs = { skip: existsSync(join(SMOLLM2, "config.json")) ? false : "test/models/prepare.sh makes SmolLM2" };
const session = new Session({ "workbench.colorTheme": THEMES[1]!.setting });

/** Makes a folder, not yet known to VS Code, with 40 short conversations and the folder of the model. */
function makeFolderWithChats(): string {
  const folder = mkdtempSync(join(tmpdir(), "adept-chat-"));
  session.folders.push(folder);
  const rows = Array.from({ length: 40 }, (_, i) =>
    JSON.stringify({
      messages: [
        { role: "user", content: `Is ${i} even or odd?` },
        { role: "assistant", content: i % 2 === 0 ? "even" : "odd" },
      ],
    }),
  );
  writeFileSync(join(folder, "numbers.jsonl"), `${rows.join("\n")}\n`);
  symlinkSync(SMOLLM2, join(folder, "smollm2"));
  git(folder, "init", "--quiet");
  return folder;
}

/** The setup page shows the conversation in the model's template, with the answer and its end token marked. */
async function assertSetupShowsTheChat(setup: FrameLocator): Promise<void> {
  await setup.locator(".trained", { hasText: "<|im_end|>" }).first().waitFor({ timeout: 60_000 });
  const first = setup.locator(".pieces").first();
  assert.match(await first.innerText(), /<\|im_start\|>\s*user/);
  assert.deepEqual(await first.locator(".trained").allInnerTexts(), ["even", "<|im_end|>"]);
  await until(
    "the budget's sizes",
    () => setup.locator(".budget [role=status]").innerText(),
    (text) => /Prompt of \d+ tokens, \d+ hidden units/.test(text),
  );
  await until(
    "the memory that training needs",
    () => setup.locator("section [role=status]").last().innerText(),
    (text) => /Needs about [\d.]+ [GM]B of memory|in all.*a step/.test(text),
    60,
  );
}

test(
  "from an empty window, conversations and a decoder-only model to a prediction with its explanation and a heatmap, in under ten clicks",
  needs,
  async (t) => {
    const folder = makeFolderWithChats();
    const workbench = await session.open(t, undefined);
    const { page } = workbench;
    let clicks = 0;
    const click = async (work: () => Promise<unknown>): Promise<void> => {
      clicks++;
      await work();
    };
    await click(() => workbench.command("ADePT: Train ADePT"));
    await click(() => workbench.choose("A data file…"));
    await click(() => workbench.choosePath(join(folder, "numbers.jsonl")));
    const setup = workbench.runPage();
    await setup.locator(".problem", { hasText: "choose a decoder-only model" }).waitFor({ timeout: 60_000 });
    await workbench.screenshot("chat-setup-embedded");
    const backbone = setup.locator('vscode-dropdown[aria-label="Backbone"]');
    await click(async () => {
      await backbone.click();
      await backbone.locator("vscode-option", { hasText: "A folder with" }).click();
    });
    await click(() => workbench.choosePath(join(folder, "smollm2")));
    await assertSetupShowsTheChat(setup);
    await workbench.screenshot("chat-setup");
    await click(() => setup.locator("vscode-button", { hasText: "Write and Train" }).click());
    await untilStatus(folder, "finished", 900);
    const { task, backbone: model, training } = readExperiment(join(folder, "numbers.adept.json"));
    assert.deepEqual([task.kind, model, training.batchSize, training.steps], ["chat", join(folder, "smollm2"), 8, 12]);
    assert.equal(newest(folder).method, "adept");

    await click(() => workbench.command("ADePT: Predict…"));
    await workbench.answer("Is 8 even or odd?");
    await page.locator(".tab.active", { hasText: "Prediction of numbers" }).waitFor({ timeout: 180_000 });
    await page
      .locator(".view-line", { hasText: /Probability/ })
      .first()
      .waitFor();
    await page
      .locator(".view-line", { hasText: /Without.its.offset/ })
      .first()
      .waitFor();
    await workbench.screenshot("chat-prediction");

    await click(() => workbench.showRuns());
    await click(() => workbench.menu(workbench.runRow("numbers"), "Show Offset Heatmap"));
    await page.locator('.tab.active[data-resource-name="numbers.jsonl"]').waitFor();
    await until(
      "colours over the conversations",
      () => workbench.colouredRanges(),
      (count) => count > 50,
    );
    await workbench.screenshot("chat-heatmap");
    console.log(`# clicks: ${clicks}`);
    assert.ok(clicks < 10, `${clicks} clicks`);
  },
);
