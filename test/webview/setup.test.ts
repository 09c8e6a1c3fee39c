import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import type { ExperimentDraft } from "../../src/experiment/experimentDraft.ts";
import { pseudo } from "../l10n/pseudo.ts";
import { PageHost } from "./pageHost.ts";
import { THEMES } from "./themes.ts";

const OUTPUT = resolve(import.meta.dirname, "../output/webview"), axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "adept-setup-")), file = join(folder, "data.csv");
const draft: ExperimentDraft = { name: "reviews", task: { kind: "file", train: file, source: "", target: "" }, backbone: "tiny-t5", budget: 12_800, steps: 900, maxSourceLength: 24 };
let host: PageHost;
before(async () => {
  mkdirSync(OUTPUT, { recursive: true });
  writeFileSync(file, `id,text,label\n${Array.from({ length: 50 }, (_, i) => `${i},"<img src=x onerror=alert(1)> film ${i} ${"and more of it ".repeat(i % 9)}",${i % 3 === 0 ? "good" : "bad"}`).join("\n")}\n`);
  host = await PageHost.start(folder);
});
after(async () => { await host.stop(); rmSync(folder, { recursive: true, force: true }); });

for (const theme of Object.keys(THEMES)) {
  test(`${theme}: filled in, readable, nothing refused by the policy, nothing serious for axe`, async () => {
    const { page, context, violations, errors } = await host.openSetup(draft, { theme });
    await page.locator(".pieces").first().waitFor();
    await page.locator(".budget [role=status]", { hasText: "hidden units" }).waitFor();
    assert.match(await page.locator(".pieces").first().innerText(), /<img src=x onerror=alert\(1\)> film/, "text stays text");
    await page.screenshot({ path: join(OUTPUT, `setup-${theme}.png`), fullPage: true });
    // Under the policy axe is brought in by the debugger, not by the page.
    await page.evaluate(axe);
    const found = await page.evaluate(async () => (await (window as unknown as { axe: { run: () => Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> } }).axe.run()).violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ""}`));
    assert.deepEqual(found, []);
    assert.deepEqual([violations, errors], [[], []]);
    await context.close();
  });
}

test("what is chosen and typed goes to the host: columns, templates, lengths, budget, steps; and comes back after a reload", async () => {
  const { page, context, asked } = await host.openSetup(draft), last = (): ExperimentDraft => { const found = asked.findLast((message) => message.type === "draft"); return (found as { draft: ExperimentDraft }).draft; };
  await page.locator(".pieces").first().waitFor();
  assert.deepEqual(await page.locator("table caption").first().innerText(), "Columns of the data");
  const wait = async (fits: (now: ExperimentDraft) => boolean): Promise<void> => { for (let i = 0; i < 60 && !fits(last()); i++) await page.waitForTimeout(100); assert.ok(fits(last()), JSON.stringify(last())); };
  await wait(({ task }) => task.kind === "file" && task.source === "{text}" && task.target === "{label}");
  await page.locator(".warning", { hasText: "longer and will be cut" }).waitFor();
  await page.locator("vscode-button", { hasText: "Read up to" }).click();
  await wait(({ maxSourceLength }) => maxSourceLength > 24);
  const slider = page.locator("#budget");
  await slider.focus();
  await page.keyboard.press("End");
  await wait(({ budget }) => budget === 100_000);
  assert.match(await slider.getAttribute("aria-valuetext") ?? "", /Prompt of \d+ tokens/);
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
  assert.deepEqual(((await page.evaluate(() => JSON.parse(sessionStorage.getItem("state") ?? "null") as unknown)) as { draft: ExperimentDraft }).draft.steps, 40, "kept for a reload");
  await context.close();
});

test("at 300 and 1,600 pixels and at 200 %, and in a longer language, nothing sticks out", async () => {
  for (const [name, options] of Object.entries({ narrow: { width: 300 }, wide: { width: 1600 }, zoomed: { width: 1000, zoom: 2 } })) {
    for (const language of ["en", "pseudo"]) {
      host.translate(language === "en" ? (text) => text : pseudo);
      const { page, context } = await host.openSetup(draft, options);
      await page.locator(".pieces").first().waitFor();
      await page.waitForTimeout(300);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${name} ${language}`);
      await page.screenshot({ path: join(OUTPUT, `setup-${name}-${language}.png`), fullPage: true });
      await context.close();
    }
  }
  host.translate((text) => text);
});
