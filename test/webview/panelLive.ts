// A run that is training.
import assert from "node:assert/strict";
import { test } from "node:test";
import { viewOfRecord, fixture } from "./panelFixture.ts";
import { until } from "./until.ts";

test("a run at work: points are appended, a repeated step takes the later reading, 20,000 points keep a table of a few hundred", async () => {
  const { page, send, context } = await fixture.host.open(fixture.runs.plain.id);
  const record = { ...fixture.runs.plain.record(), status: "running" as const, steps: 20_000 };
  const view = viewOfRecord(record, { live: true, statusText: "running", summary: "5/20", progress: 0.25 });
  const point = (step: number, loss: number) => ({
    step,
    loss,
    learningRate: { prompt: 0.1 },
    gradientNorm: { prompt: 1 },
    updateRatio: { prompt: 0.01 },
    tokensPerSecond: 100,
    secondsLeft: 1,
    memory: 1e8,
  });
  await send({
    type: "update",
    view,
    points: Array.from({ length: 20_000 }, (_, i) => point(i + 1, 1 + 1 / (i + 1))),
  });
  await send({ type: "update", view, points: [point(19_999, 7), point(20_000, 8)] });
  const loss = page.locator(".figure", { has: page.locator("h2", { hasText: /^Loss$/ }) });
  await until(
    () => loss.locator("canvas").getAttribute("aria-label"),
    (label) => label?.includes("to 8.00 at step 20000") === true,
  );
  await loss.locator(".tools vscode-checkbox").click();
  const count = await loss.locator("tbody tr").count();
  assert.ok(count > 50 && count < 300, String(count));
  assert.equal(await loss.locator("tbody tr").last().locator("td").first().innerText(), "8");
  await page.locator("vscode-button", { hasText: "Stop" }).waitFor();
  await context.close();
});

test("status and stop stay in sight and on top while a run's page is scrolled; in a low window they give their room to figures", async () => {
  const { page, send, context } = await fixture.host.open(fixture.runs.plain.id);
  const record = { ...fixture.runs.plain.record(), status: "running" as const };
  const view = viewOfRecord(record, { live: true, statusText: "running", summary: "5/20" });
  await send({ type: "update", view, points: [] });
  const stop = page.locator("header vscode-button", { hasText: "Stop" });
  await stop.waitFor();
  /** Whether the middle of the button is what a click there meets, after the page was scrolled to its end. */
  const isInSight = async (width: number, height: number): Promise<boolean> => {
    await page.setViewportSize({ width, height });
    return stop.evaluate((button) => {
      scrollTo(0, document.documentElement.scrollHeight);
      if (scrollY === 0) throw new Error("the page has nothing to scroll");
      const { x, y, width: wide, height: high } = button.getBoundingClientRect();
      return button.contains(document.elementFromPoint(x + wide / 2, y + high / 2));
    });
  };
  assert.equal(await isInSight(1600, 900), true);
  assert.equal(await isInSight(300, 700), true);
  assert.equal(await isInSight(1000, 400), false);
  await context.close();
});
