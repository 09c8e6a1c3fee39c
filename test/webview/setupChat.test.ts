import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import type { Locator } from "playwright-core";
import type { ExperimentDraft } from "../../src/experiment/draftSchema.ts";
import { golden, hasGoldens } from "../golden/shared.ts";
import { PageHost } from "./pageHost.ts";
import { THEMES } from "./themes.ts";

const OUTPUT = resolve(import.meta.dirname, "../output/webview");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "adept-setup-chat-"));
const chat = join(folder, "chat.jsonl");
const pairs = join(folder, "pairs.jsonl");
const SMOLLM2 = resolve(import.meta.dirname, "../cache/smollm2");
const tiny = golden("models", "qwen2-tiny");
/** A model without a chat template. */
const bare = join(folder, "bare");
/** A model with a chat template: the real one where it was made, since its pieces can be read. */
const model = existsSync(join(SMOLLM2, "config.json")) ? SMOLLM2 : tiny;

const turn = (role: string, content: string): object => ({ role, content });
const draft = (train: string, backbone = model): ExperimentDraft => ({
  name: "chat",
  task: { kind: "file", train, source: "", target: "" },
  backbone,
  budget: 12_800,
  steps: 900,
  maxSourceLength: 48,
});

/** Without the goldens there is no tiny model. */
const needs = { skip: hasGoldens ? false : "expected numbers are not beside this checkout" };
let host: PageHost;
before(async () => {
  if (!hasGoldens) return;
  mkdirSync(OUTPUT, { recursive: true });
  const rows = Array.from({ length: 40 }, (_, i) => ({
    messages: [
      turn("user", `Is ${i} even? ${"Think of it as of a number of apples. ".repeat(i % 7)}`),
      turn("assistant", i % 2 === 0 ? "yes" : "no"),
      turn("user", "Why?"),
      turn("assistant", `Because ${i} ends in ${i % 10}.`),
    ],
  }));
  writeFileSync(chat, rows.map((row) => JSON.stringify(row)).join("\n"));
  writeFileSync(
    pairs,
    rows.map((_, i) => JSON.stringify({ instruction: `Add 1 to ${i}.`, output: String(i + 1) })).join("\n"),
  );
  cpSync(tiny, bare, { recursive: true });
  const config = join(bare, "tokenizer_config.json");
  const { chat_template: _, ...rest } = JSON.parse(readFileSync(config, "utf8")) as Record<string, unknown>;
  writeFileSync(config, JSON.stringify(rest));
  rmSync(join(bare, "chat_template.jinja"), { force: true });
  host = await PageHost.start(folder);
});
after(async () => {
  if (hasGoldens) await host.stop();
  rmSync(folder, { recursive: true, force: true });
});

const lastDraft = (asked: readonly { type: string }[]): ExperimentDraft =>
  (asked.findLast(({ type }) => type === "draft") as unknown as { draft: ExperimentDraft }).draft;
/** Waits until the last draft that the page posted is as wanted. */
const posted = async (asked: readonly { type: string }[], fits: (now: ExperimentDraft) => boolean): Promise<void> => {
  for (let i = 0; i < 80 && !fits(lastDraft(asked)); i++) await new Promise((done) => setTimeout(done, 100));
  assert.ok(fits(lastDraft(asked)), JSON.stringify(lastDraft(asked)));
};
const isFitted = ({ task, batchSize }: ExperimentDraft): boolean => task.kind === "chat" && batchSize === 8;
const texts = async (of: Locator): Promise<string> => (await of.allTextContents()).join("");
/** Chooses an option of the drop-down of this name. */
const choose = async (page: Locator, name: string, option: string): Promise<void> => {
  const control = page.locator(`vscode-dropdown[aria-label="${name}"]`);
  await control.click();
  await control.locator("vscode-option", { hasText: option }).click();
};

for (const theme of Object.keys(THEMES))
  test(
    `${theme}: conversations are read as such, trained tokens are marked, nothing serious for axe`,
    needs,
    async () => {
      const { page, context, violations, errors, asked } = await host.openSetup(draft(chat), { theme });
      await page.locator(".trained").first().waitFor();
      await page.locator(".budget [role=status]", { hasText: "hidden units" }).waitFor();
      await page.locator(".detail", { hasText: "in batches of 8" }).waitFor();
      await posted(asked, isFitted);
      const { task, batchSize, steps, budget } = lastDraft(asked);
      assert.deepEqual([task, batchSize, steps], [{ kind: "chat", train: chat }, 8, 12]);
      assert.ok(budget > 1000 && budget !== 12_800, "as large as a prompt of 100 tokens");
      await page.screenshot({ path: join(OUTPUT, `setup-chat-${theme}.png`), fullPage: true });
      await page.evaluate(axe);
      const found = await page.evaluate(async () =>
        (
          await (
            window as unknown as {
              axe: { run: () => Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
            }
          ).axe.run()
        ).violations
          .filter(({ impact }) => impact === "serious" || impact === "critical")
          .map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""}`),
      );
      assert.deepEqual(found, []);
      assert.deepEqual([violations, errors], [[], []]);
      await context.close();
    },
  );

test(
  "what is trained follows the choices: all answers, the last, plain text; a system prompt is in the preview",
  needs,
  async () => {
    const { page, context, asked } = await host.openSetup(draft(chat));
    const body = page.locator("body");
    const first = page.locator(".pieces").first();
    await page.locator(".trained").first().waitFor();
    await posted(asked, isFitted);
    await first.locator(".trained", { hasText: "Because" }).waitFor();
    const marked = first.locator(".trained");
    const all = await texts(marked);
    assert.ok(/yes<\|im_end\|>.*Because.*<\|im_end\|>$/.test(all), all);
    assert.ok(!all.includes("Why"), "a user's turn is read, not trained");
    assert.ok((await texts(first.locator(".piece"))).includes("Why"));
    await choose(body, "Trained answers", "Only the last");
    await page.waitForFunction(() => !document.querySelector(".pieces .trained")?.textContent.includes("yes"));
    assert.ok((await texts(marked)).startsWith("Because"), await texts(marked));
    await page.locator("vscode-text-field", { hasText: "System prompt" }).locator("input").fill("Be brief.");
    await page
      .locator(".pieces", { hasText: /Be.*brief/ })
      .first()
      .waitFor();
    assert.deepEqual(lastDraft(asked).prompt, { form: "chat", system: "Be brief." });
    await choose(body, "Form of the prompt", "Plain");
    await page.locator("vscode-text-field", { hasText: "System prompt" }).waitFor({ state: "detached" });
    await page.waitForFunction(() => !document.querySelector(".pieces")?.textContent.includes("<|im_start|>"));
    const { prompt, task } = lastDraft(asked);
    assert.deepEqual(
      [prompt, task],
      [
        { form: "plain", system: "" },
        { kind: "chat", train: chat, trainOn: "last" },
      ],
    );
    await context.close();
  },
);

test("what is cut is shown where it was, and counted; lengths can be raised", needs, async () => {
  const { page, context, asked } = await host.openSetup({ ...draft(chat), maxTargetLength: 4 });
  await page.locator(".trained").first().waitFor();
  await page
    .locator(".pieces", { hasText: /… \d+ tokens are left out …/ })
    .first()
    .waitFor();
  await page
    .locator(".pieces", { hasText: /\d+ more tokens of the answer are cut/ })
    .first()
    .waitFor();
  await page.locator(".warning", { hasText: /\d+ of 40 examples are longer and will be cut/ }).waitFor();
  await page.locator(".warning", { hasText: "40 answers are longer than 4 tokens" }).waitFor();
  await page.screenshot({ path: join(OUTPUT, "setup-chat-cut.png"), fullPage: true });
  await page.locator("vscode-button", { hasText: "Answers of up to" }).click();
  await page.locator(".warning", { hasText: "answers are longer" }).waitFor({ state: "detached" });
  assert.ok((lastDraft(asked).maxTargetLength ?? 0) >= 32);
  await context.close();
});

test("questions and answers are conversations, or columns in templates", needs, async () => {
  const { page, context, asked } = await host.openSetup(draft(pairs));
  await page.locator(".trained").first().waitFor();
  await posted(asked, isFitted);
  await choose(page.locator("body"), "Read the rows as", "Columns");
  await page.locator("table caption", { hasText: "Columns of the data" }).waitFor();
  await posted(asked, ({ task }) => task.kind === "file");
  assert.deepEqual(lastDraft(asked).task, {
    kind: "file",
    train: pairs,
    source: "{instruction}",
    target: "{output}",
  });
  await context.close();
});

test(
  "a model without a chat template reads conversations in plain form; asked for chat, it says what helps",
  needs,
  async () => {
    const { page, context, asked } = await host.openSetup(draft(chat, bare));
    await page.locator(".trained").first().waitFor();
    await posted(asked, isFitted);
    assert.deepEqual(lastDraft(asked).prompt, { form: "plain", system: "" });
    await choose(page.locator("body"), "Form of the prompt", "Chat");
    await page.locator(".problem", { hasText: "no chat template" }).waitFor();
    await context.close();
  },
);

test(
  "conversations with a model that reads text and answer apart: what is wrong, and which model to take",
  needs,
  async () => {
    const { page, context, asked } = await host.openSetup(draft(chat, "tiny-t5"));
    await page.locator(".problem", { hasText: "choose a decoder-only model" }).waitFor();
    await page.locator(".detail", { hasText: "on sentiment it stays near chance" }).waitFor();
    await page.locator(".detail", { hasText: "owner/model learns such data" }).waitFor();
    assert.equal(await page.locator("vscode-text-field:visible", { hasText: "template" }).count(), 0, "no columns");
    await page.screenshot({ path: join(OUTPUT, "setup-chat-t5.png"), fullPage: true });
    await page.locator("vscode-button", { hasText: "Download and Use It" }).click();
    await choose(page.locator("body"), "Backbone", "owner/old");
    await page.waitForTimeout(300);
    assert.deepEqual(
      asked.filter(({ type }) => type === "chooseBackbone"),
      [
        { type: "chooseBackbone", how: "hub", name: "owner/model" },
        { type: "chooseBackbone", how: "downloaded", name: "owner/old" },
      ],
    );
    await context.close();
  },
);
