import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import type { Locator } from "playwright-core";
import type { ExperimentDraft } from "../../src/experiment/draftSchema.ts";
import { tinyGguf } from "../unit/backbone/tinyGguf.ts";
import { pseudo } from "../l10n/pseudo.ts";
import type { HostMessage } from "../../src/protocol/hostToPage.ts";
import { PageHost } from "./pageHost.ts";
import { THEMES } from "./themes.ts";

const OUTPUT = resolve(import.meta.dirname, "../output/webview");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "adept-setup-"));
const file = join(folder, "data.csv");
const draft: ExperimentDraft = {
  name: "reviews",
  task: { kind: "file", train: file, source: "", target: "" },
  backbone: "tiny-t5",
  budget: 12_800,
  steps: 900,
  maxSourceLength: 24,
};
let host: PageHost;
before(async () => {
  mkdirSync(OUTPUT, { recursive: true });
  writeFileSync(
    file,
    `id,text,label\n${Array.from({ length: 50 }, (_, i) => `${i},"<img src=x onerror=alert(1)> film ${i} ${"and more of it ".repeat(i % 9)}",${i % 3 === 0 ? "good" : "bad"}`).join("\n")}\n`,
  );
  host = await PageHost.start(folder);
});
after(async () => {
  await host.stop();
  rmSync(folder, { recursive: true, force: true });
});

for (const theme of Object.keys(THEMES)) {
  test(`${theme}: filled in, readable, nothing refused by the policy, nothing serious for axe`, async () => {
    const { page, context, violations, errors } = await host.openSetup(draft, { theme });
    await page.locator(".pieces").first().waitFor();
    // Signs and words of what is wrong are part of the picture.
    await page.locator("vscode-text-field", { hasText: "Steps" }).locator("input").fill("12x");
    await page.locator(".budget [role=status]", { hasText: "hidden units" }).waitFor();
    assert.match(
      await page.locator(".pieces").first().innerText(),
      /<img src=x onerror=alert\(1\)> film/,
      "text stays text",
    );
    await page.screenshot({ path: join(OUTPUT, `setup-${theme}.png`), fullPage: true });
    // Under the policy axe is brought in by the debugger, not by the page.
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
  });
}

test("what takes long can be ended: data are read anew, measuring is stopped and begun again, and a quick answer brings no button", async () => {
  const { page, context, asked } = await host.openSetup(draft, { stuck: true });
  const press = (name: string) => page.locator("vscode-button:visible", { hasText: name });
  assert.equal((await press("Try Again").count()) + (await press("Stop Measuring").count()), 0);
  await press("Try Again").click({ timeout: 8000 });
  await page.locator(".pieces").first().waitFor();
  const reread = asked.find(({ type }) => type === "reread") as { asked: number };
  const [first] = asked.filter(({ type }) => type === "draft") as unknown as { asked: number }[];
  assert.ok(reread.asked > first!.asked, "the late answer to the first look is none of the second");
  await press("Stop Measuring").click({ timeout: 8000 });
  await page.locator("[role=status]", { hasText: "Not measured." }).waitFor();
  await press("Measure").click();
  await page.locator("[role=status]", { hasText: "Measuring a few real steps" }).waitFor();
  await page
    .locator("[role=status].warning", {
      hasText: /^Needs about \d+ MB of memory; 1 MB is free\. Measuring a few real steps/,
    })
    .waitFor();
  assert.deepEqual(
    asked.filter(({ type }) => type === "forecast"),
    [
      { type: "forecast", measure: false },
      { type: "forecast", measure: true },
    ],
  );
  await press("Stop Measuring").waitFor({ timeout: 8000 });
  await page.screenshot({ path: join(OUTPUT, "setup-long.png"), fullPage: true });
  assert.equal(await press("Try Again").count(), 0);
  await context.close();
});

test("the embedded backbone says what it is for, and a model that learns such data is one press away", async () => {
  const { page, context, asked } = await host.openSetup(draft);
  await page.locator("p", { hasText: "on sentiment it stays near chance" }).waitFor();
  await page.locator("p", { hasText: "owner/model learns such data" }).waitFor();
  await page.locator("vscode-button", { hasText: "Download and Use It" }).click();
  // On a busy machine the draft with the suggested columns may be posted after the press.
  const chosen = (): unknown[] => asked.filter(({ type }) => type === "chooseBackbone");
  for (let i = 0; i < 50 && chosen().length === 0; i++) await page.waitForTimeout(100);
  assert.deepEqual(chosen(), [{ type: "chooseBackbone", how: "hub", name: "owner/model" }]);
  await context.close();
});

test("what is chosen and typed goes to the host: columns, templates, lengths, budget, steps; and comes back after a reload", async () => {
  const { page, context, asked } = await host.openSetup(draft);
  const last = (): ExperimentDraft => {
    const found = asked.findLast((message) => message.type === "draft");
    return (found as { draft: ExperimentDraft }).draft;
  };
  await page.locator(".pieces").first().waitFor();
  assert.deepEqual(await page.locator("table caption").first().innerText(), "Columns of the data");
  const wait = async (fits: (now: ExperimentDraft) => boolean): Promise<void> => {
    for (let i = 0; i < 60 && !fits(last()); i++) await page.waitForTimeout(100);
    assert.ok(fits(last()), JSON.stringify(last()));
  };
  await wait(({ task }) => task.kind === "file" && task.source === "{text}" && task.target === "{label}");
  await page.locator(".warning", { hasText: "longer and will be cut" }).waitFor();
  await page.locator("vscode-button", { hasText: "Read up to" }).click();
  await wait(({ maxSourceLength }) => maxSourceLength > 24);
  const slider = page.locator("#budget");
  await slider.focus();
  await page.keyboard.press("End");
  await wait(({ budget }) => budget === 100_000);
  assert.match((await slider.getAttribute("aria-valuetext")) ?? "", /Prompt of \d+ tokens/);
  await page.locator("vscode-text-field", { hasText: "Steps" }).locator("input").fill("12x");
  await page.locator(".problem", { hasText: "A whole number" }).waitFor();
  await page.locator("vscode-text-field", { hasText: "Steps" }).locator("input").fill("40");
  await wait(({ steps }) => steps === 40);
  const use = page.locator("vscode-dropdown").nth(0);
  await use.click();
  await use.locator("vscode-option", { hasText: "Input" }).click();
  await wait(({ task }) => task.kind === "file" && task.source === "id: {id} text: {text}");
  await page.locator("vscode-text-field", { hasText: "Input template" }).locator("input").fill("{nothing}");
  await page.locator(".problem", { hasText: 'no field "nothing"' }).waitFor();
  await page.locator("vscode-button", { hasText: "Write and Train" }).click();
  await page.locator("[role=alert]", { hasText: "Something is missing" }).waitFor();
  assert.ok(!asked.some(({ type }) => type === "write"), "an incomplete form is not written");
  assert.deepEqual(
    (
      (await page.evaluate(() => JSON.parse(sessionStorage.getItem("state") ?? "null") as unknown)) as {
        draft: ExperimentDraft;
      }
    ).draft.steps,
    40,
    "kept for a reload",
  );
  await context.close();
});

test("what the host would not take is said at its field, and nothing is written while it stands there", async () => {
  const { page, context, asked } = await host.openSetup({ ...draft, name: "n".repeat(200) });
  const field = (label: string) => page.locator("vscode-text-field", { hasText: label }).locator("input");
  const written = (): unknown[] => asked.filter(({ type }) => type === "write");
  await page.locator(".pieces").first().waitFor();
  const write = page.locator("vscode-button", { hasText: "Write and Train" });
  const missing = page.locator("[role=alert]", { hasText: "Something is missing" });
  for (const [label, wrong, said, right] of [
    ["Steps", "20000000", "A whole number from 1 to 10,000,000", "10000000"],
    ["Steps", "12x", "A whole number", "40"],
    ["Name", "n".repeat(201), "at most 200 characters", "n".repeat(200)],
    ["Name", "  ", "Give it a name", "new"],
  ] as const) {
    await field(label).fill(wrong);
    await page.locator(".problem", { hasText: said }).waitFor();
    // What is right elsewhere does not make it right here.
    await field(label === "Name" ? "Steps" : "Name").fill(label === "Name" ? "50" : "other");
    await write.click();
    await missing.waitFor();
    await page.waitForTimeout(500);
    assert.equal(written().length, 0, `${label}: ${wrong.slice(0, 20)}`);
    await field(label).fill(right);
    await page.locator(".problem", { hasText: said }).waitFor({ state: "hidden" });
  }
  await write.click();
  for (let i = 0; i < 50 && written().length === 0; i++) await page.waitForTimeout(100);
  assert.deepEqual(
    written().map((message) => {
      const {
        draft: { name, steps },
      } = message as { draft: ExperimentDraft };
      return [name, steps];
    }),
    [["new", 50]],
  );
  await context.close();
});

test("a form is written as it was looked at: what was pressed before that waits for it, and a change takes it back", async () => {
  const { page, context, asked, send } = await host.openSetup(draft);
  const source = page.locator("vscode-text-field", { hasText: "Input template" }).locator("input");
  const write = page.locator("vscode-button", { hasText: "Write Experiment File" });
  const written = (): { draft: ExperimentDraft }[] => asked.filter((message) => message.type === "write");
  await page.locator(".pieces").first().waitFor();
  await source.fill("{nothing}");
  await write.click();
  await page.locator(".problem", { hasText: 'no field "nothing"' }).waitFor();
  await page.locator("[role=alert]", { hasText: "Something is missing" }).waitFor();
  assert.equal(written().length, 0, "not by what was found of the template before");
  await source.fill("say: {text}");
  await write.click();
  await source.fill("say it: {text}");
  await page.locator(".pieces", { hasText: "say it:" }).first().waitFor();
  assert.equal(written().length, 0, "a change takes it back");
  await write.click();
  await page.waitForTimeout(300);
  assert.deepEqual(
    written().map((each) => each.draft.task.kind === "file" && each.draft.task.source),
    ["say it: {text}"],
  );
  await send({ type: "refused", error: "The form holds something that cannot be used" } as unknown as HostMessage);
  await page.locator("[role=alert]", { hasText: "cannot be used" }).first().waitFor();
  await context.close();
});

test("data without a header, and more of them than are looked at, are told as such", async () => {
  const bare = join(folder, "bare.csv");
  writeFileSync(bare, Array.from({ length: 30 }, (_, i) => `film ${i} is long,${i % 2 ? "good" : "bad"}`).join("\n"));
  const { page, context } = await host.openSetup({
    ...draft,
    task: { kind: "file", train: bare, source: "", target: "" },
  });
  await page.locator(".warning", { hasText: "looks like an example" }).waitFor();
  await context.close();
  const second = await host.openSetup(draft, { answer: (found) => ({ ...found, all: false }) });
  await second.page.locator(".detail", { hasText: "50 examples looked at; the file has more" }).waitFor();
  assert.equal(await second.page.locator(".warning", { hasText: "looks like" }).count(), 0);
  assert.equal(await second.page.locator(".detail", { hasText: "times over" }).count(), 0, "nobody knows how often");
  await second.context.close();
});

/** Opens a list, also one that a form which was drawn anew has closed again. @returns its option with a text */
async function inOpenList(control: Locator, hasText: string): Promise<Locator> {
  const option = control.locator("vscode-option", { hasText });
  for (let attempt = 1; ; attempt++) {
    if (!(await option.isVisible())) await control.click();
    try {
      await option.waitFor({ timeout: 2000 });
      // What was chosen before may be drawn a moment later.
      await control.page().waitForTimeout(200);
      if (await option.isVisible()) return option;
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

test("a GGUF file is shown with architecture and size in every theme, and chosen from the list", async () => {
  const model = join(folder, "tiny.gguf");
  writeFileSync(model, tinyGguf());
  for (const theme of Object.keys(THEMES)) {
    const { page, context, asked, violations, errors } = await host.openSetup({ ...draft, backbone: model }, { theme });
    await page
      .locator(".budget .detail", { hasText: "GGUF file, architecture llama, 113 kB · 26,816 frozen parameters" })
      .waitFor();
    const control = page.locator('vscode-dropdown[aria-label="Backbone"]');
    for (const option of ["A GGUF file", "llama3.2:3b (Ollama), 2.0 GB"]) {
      const shown = await inOpenList(control, option);
      await page.screenshot({ path: join(OUTPUT, `setup-gguf-${theme}.png`) });
      const isWhole = await shown.evaluate((each) => each.scrollWidth <= each.clientWidth && each.clientWidth > 200);
      assert.ok(isWhole, option);
      await shown.click();
    }
    for (const refused of [
      "cut.gguf (Jan), 1.0 GB: damaged or incomplete",
      'ears.gguf (Jan), 1.0 GB: architecture "whisper" is not supported',
    ]) {
      const option = await inOpenList(control, refused);
      assert.ok(await option.evaluate((each) => each.hasAttribute("disabled") && each.clientWidth > 200), refused);
      await option.click({ force: true });
      await page.keyboard.press("Escape");
    }
    await page.waitForTimeout(100);
    assert.deepEqual(
      asked.filter(({ type }) => type === "chooseBackbone"),
      [
        { type: "chooseBackbone", how: "file" },
        { type: "chooseBackbone", how: "downloaded", name: "llama3.2:3b (Ollama), 2.0 GB" },
      ],
    );
    assert.deepEqual([violations, errors], [[], []]);
    await context.close();
  }
});

test("at 300 and 1,600 pixels and at 200 %, and in a longer language, nothing sticks out", async () => {
  for (const [name, options] of Object.entries({
    narrow: { width: 300 },
    wide: { width: 1600 },
    zoomed: { width: 1000, zoom: 2 },
  })) {
    for (const language of ["en", "pseudo"]) {
      host.translate(language === "en" ? (text) => text : pseudo);
      const { page, context } = await host.openSetup(draft, options);
      await page.locator(".pieces").first().waitFor();
      await page.waitForTimeout(300);
      assert.ok(
        await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth),
        `${name} ${language}`,
      );
      await page.screenshot({ path: join(OUTPUT, `setup-${name}-${language}.png`), fullPage: true });
      await context.close();
    }
  }
  host.translate((text) => text);
});
