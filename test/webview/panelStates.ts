// States of the page: analyses under way, updates, focus, memory.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { assertClean, choose, figure, goTo, viewOfRecord, fixture } from "./panelFixture.ts";
import { until } from "./until.ts";

/** What the Tab key reaches from the title on; each has a visible focus. */
async function namesReachedByTab(page: Page): Promise<string[]> {
  const reached = new Set<string>();
  await page.locator("h1").click();
  for (let i = 0; i < 90; i++) {
    await page.keyboard.press("Tab");
    const { name, outline } = await page.evaluate(() => {
      let element = document.activeElement;
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      const host = document.activeElement;
      const style = element === null ? undefined : getComputedStyle(element);
      const outer = host === null ? undefined : getComputedStyle(host);
      return {
        name: host?.textContent?.trim() ?? "",
        outline:
          host === document.body
            ? "body"
            : `${style?.outlineStyle} ${outer?.outlineStyle} ${style?.boxShadow} ${style?.borderStyle}`,
      };
    });
    if (outline === "body") break;
    assert.match(outline, /solid|auto|rgb/, `${name}: no visible focus`);
    reached.add(name);
  }
  return [...reached];
}

test("a tab that lacks its analysis has a button with a forecast; progress and cancel while it is made; a failure says why", async () => {
  const open = await fixture.host.open(fixture.runs.plain.id);
  const { page, posted, send, context } = open;
  await goTo(page, "ablation");
  const button = page.locator("#view-ablation .card vscode-button").first();
  assert.match(await button.innerText(), /Make: Ablation \(about \d+ (s|min)\)/);
  await button.click();
  await until(() => posted.some((message) => message.type === "analyse" && message.name === "ablation"), Boolean);
  const analysis = { name: "ablation" as const, applies: true, ready: true, forecast: 3, examples: undefined };
  await send({ type: "analysis", analysis: { ...analysis, status: "running", label: "FFN off", done: 2, total: 4 } });
  await page.locator("#view-ablation .card", { hasText: "2/4 FFN off" }).waitFor();
  assert.equal(
    await page
      .locator("#view-ablation .card progress")
      .first()
      .evaluate((bar: HTMLProgressElement) => bar.value / bar.max),
    0.5,
  );
  await page.locator("#view-ablation .card vscode-button", { hasText: "Cancel" }).click();
  await until(() => posted.some(({ type }) => type === "stopAnalysis"), Boolean);
  await send({
    type: "analysis",
    analysis: { ...analysis, status: "failed", label: "The disk is full", done: 2, total: 4 },
  });
  await page.locator("#view-ablation .card", { hasText: "has failed: The disk is full" }).waitFor();
  await send({
    type: "analysis",
    analysis: { ...analysis, status: "finished", label: "", done: 4, total: 4, examples: 9 },
    result: { nothing: "of the kind" },
  });
  await page.locator("#view-ablation", { hasText: "cannot be shown" }).waitFor();
  assert.ok(
    posted.some(({ type }) => type === "problem"),
    "the log hears of it",
  );
  assertClean({ ...open, posted: [] });
  await context.close();
});

test("a finished run offers what it has not been asked, and leads there; what has been asked is not offered", async () => {
  const open = await fixture.host.open(fixture.runs.plain.id);
  const { page, send, context } = open;
  const next = page.locator("#view-training section", { hasText: "What to ask next" });
  const offered = async (): Promise<string> => (await next.locator("vscode-button").allInnerTexts()).join();
  // The host itself says it at first: no tab of an analysis was opened.
  await until(offered, (names) => names === "Ablation,Offsets,Position shift,Latency,Compare");
  const record = fixture.runs.plain.record();
  await send({ type: "update", view: viewOfRecord(record, { unasked: ["specificity", "stability"] }), points: [] });
  await until(offered, (names) => names === "Ablation,Compare");
  await next.locator("vscode-button", { hasText: "Ablation" }).click();
  await page.locator("#view-ablation").waitFor();
  await goTo(page, "training");
  await send({ type: "runs", runs: [] });
  await send({ type: "update", view: viewOfRecord(record, { unasked: [] }), points: [] });
  await next.waitFor({ state: "hidden" });
  assertClean(open);
  await context.close();
});

test("a name with markup is text, unknown messages are refused, and a page without its run says so", async () => {
  const { page, posted, context } = await fixture.host.open(fixture.runs.plain.id);
  assert.equal(await page.locator("h1").innerText(), "<img src=x onerror=alert(1)>");
  assert.equal(await page.locator("h1 img").count(), 0);
  await page.evaluate(() => {
    window.postMessage({ type: "nonsense" }, "*");
    window.postMessage("text", "*");
  });
  await until(
    () => posted.filter(({ type }) => type === "problem").length,
    (count) => count === 2,
  );
  await context.close();
  const gone = await fixture.host.open("20200101-000000-none");
  await gone.page.locator("main", { hasText: "no longer exists" }).waitFor();
  await gone.context.close();
});

test("by keyboard: arrows move through the tabs, every control has a visible focus, and an update takes no focus away", async () => {
  const { page, send, context } = await fixture.host.open(fixture.runs.run("adept", 0).id);
  await page.locator("#tab-training").focus();
  await page.keyboard.press("ArrowRight");
  await until(
    () => page.locator("#tab-ablation").getAttribute("aria-selected"),
    (selected) => selected === "true",
  );
  await page.keyboard.press("End");
  await until(
    () => page.locator("#tab-compare").getAttribute("aria-selected"),
    (selected) => selected === "true",
  );
  await page.keyboard.press("Home");
  await until(
    () => page.locator("#tab-training").getAttribute("aria-selected"),
    (selected) => selected === "true",
  );
  const reached = await namesReachedByTab(page);
  for (const name of ["Open Run Folder", "Copy Run ID", "Show Log", "PNG", "CSV", "Table"])
    assert.ok(
      reached.some((each) => each.includes(name)),
      `${name} is reached`,
    );
  const button = page.locator("vscode-button", { hasText: "Copy Run ID" });
  await button.focus();
  const record = fixture.runs.run("adept", 0).record();
  await send({
    type: "update",
    points: [],
    view: viewOfRecord({ ...record, note: "new" }, { measured: "webgpu: 3 ms", gpu: "Card, 5 of 9 GiB" }),
  });
  await page.locator("dd", { hasText: "new" }).waitFor();
  for (const text of ["webgpu: 3 ms", "Card, 5 of 9 GiB"])
    assert.equal(await page.locator("dd", { hasText: text }).count(), 1);
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Copy Run ID");
  await context.close();
});

test("what a page remembers comes back with it: tab, open tables, chosen runs, scale", async () => {
  const { page, context } = await fixture.host.open(fixture.runs.run("adept", 0).id);
  await page
    .locator(".figure", { has: page.locator("h2", { hasText: /^Loss$/ }) })
    .locator(".tools vscode-checkbox")
    .click();
  await page.locator("vscode-checkbox", { hasText: "Logarithmic scale" }).first().click();
  await goTo(page, "compare");
  await choose(page, [fixture.runs.run("pt", 0).id, fixture.runs.run("pt", 1).id]);
  await page.reload();
  await page.locator("#view-compare").waitFor({ state: "visible" });
  assert.equal(await page.locator(".picker input:checked").count(), 2);
  await figure(page, "Settings that differ").waitFor();
  await goTo(page, "training");
  await page.locator(".figure table caption", { hasText: /^Loss$/ }).waitFor({ state: "attached" });
  assert.equal(
    await page
      .locator("vscode-checkbox", { hasText: "Logarithmic scale" })
      .first()
      .evaluate((box: HTMLElement & { checked: boolean }) => box.checked),
    true,
  );
  await context.close();
});
