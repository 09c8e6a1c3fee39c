// A sweep of many runs in the tab that compares: its figures have the stored values, ranges on axes select runs.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { parse } from "csv-parse/sync";
import type { Locator, Page } from "playwright-core";
import type { PageMessage } from "../../src/protocol/pageToHost.ts";
import { writeSweep, type SweepPoint } from "../host/writeSweep.ts";
import { graveViolations } from "./graveViolations.ts";
import { PageHost, type OpenPage } from "./pageHost.ts";
import { THEMES } from "./themes.ts";
import { until } from "./until.ts";

const SHOTS = resolve(import.meta.dirname, "../output/webview");
const RUNS = 90;
const folder = mkdtempSync(join(tmpdir(), "adept-sweep-"));
const runsDir = join(folder, ".adept/runs");
let points: SweepPoint[];
let host: PageHost;
before(async () => {
  mkdirSync(SHOTS, { recursive: true });
  points = writeSweep(runsDir, RUNS, 60);
  host = await PageHost.start(runsDir);
});
after(async () => {
  await host.stop();
  rmSync(folder, { recursive: true, force: true });
});

const figure = (page: Page, title: string): Locator =>
  page.locator(".figure:visible", { has: page.locator("h2", { hasText: title }) }).first();

/** The page with all runs of the sweep compared. */
async function compared(theme = "light"): Promise<Awaited<ReturnType<PageHost["open"]>>> {
  const open = await host.open(points[0]!.id, { theme });
  await open.page.locator("h1").waitFor();
  await open.page.locator("#tab-compare").click();
  await open.page.locator("vscode-button", { hasText: "Choose all shown" }).click();
  await figure(open.page, "Settings and result of each run").waitFor();
  return open;
}

/** The table of a figure as it is saved. */
async function csvOf({ page, posted }: OpenPage, title: string): Promise<Record<string, string>[]> {
  const before = posted.length;
  await figure(page, title).locator("vscode-button", { hasText: "CSV" }).click();
  for (;;) {
    const found = posted
      .slice(before)
      .find((message): message is Extract<PageMessage, { type: "save" }> => message.type === "save");
    if (found !== undefined) return parse<Record<string, string>>(found.data, { columns: true });
    await page.waitForTimeout(20);
  }
}

const told = (page: Page): Locator => figure(page, "Settings and result of each run").locator("[role=status]");

test("the figures have the stored values, judged by validation, and the best by validation is the best", async () => {
  const open = await compared();
  const rows = await csvOf(open, "Settings and result of each run");
  const stored = new Map(
    points.map(({ method, rate, batchSize, optimizer, seed, validation, test: tested }) => [
      [method, rate, batchSize, optimizer, seed].join(),
      [validation, tested],
    ]),
  );
  assert.equal(rows.length, RUNS);
  for (const row of rows) {
    const key = ["method", "training.learningRate.prompt", "training.batchSize", "training.optimizer", "Seed"];
    assert.deepEqual(
      [Number(row["Validation accuracy"]), Number(row["Test accuracy"])],
      stored.get(key.map((each) => row[each]).join()),
    );
  }
  assert.equal(Number(rows[0]!["Validation accuracy"]), Math.max(...points.map(({ validation }) => validation)));
  const order = await csvOf(open, "Best on validation so far");
  assert.deepEqual(
    order.map((row) => Number(row["Validation accuracy"])),
    points.map(({ validation }) => validation),
  );
  const importance = await csvOf(open, "How much each setting matters");
  assert.equal(importance[0]!["Setting"], "training.learningRate.prompt");
  await open.context.close();
});

test("a range dragged along an axis selects runs, the keyboard too, and curves and marks follow", async () => {
  const open = await compared();
  const { page } = open;
  const canvas = figure(page, "Settings and result of each run").locator("canvas");
  const box = (await canvas.boundingBox())!;
  await told(page)
    .filter({ hasText: `all ${RUNS} runs` })
    .waitFor();
  // The last axis is validation: its upper half.
  const x = box.x + box.width - 74;
  await page.mouse.move(x, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(x, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  // Those above the lower end of the range, as the handle tells it in words. The page follows the pointer in steps, and
  // a look may meet the number of one step and the handle of the next: the last step is waited for.
  await told(page).filter({ hasText: " runs selected" }).waitFor();
  const handle = page.getByRole("slider", { name: "Validation accuracy (%), from" });
  const [count] = await until(
    async () => {
      const least = Number(await handle.getAttribute("aria-valuetext"));
      const within = points.filter(({ validation }) => 100 * validation >= least - 1e-9).length;
      return [within, await told(page).innerText()] as const;
    },
    ([within, text]) => text === `${within} of ${RUNS} runs selected`,
  );
  assert.ok(count > 2 && count < RUNS, String(count));
  await page.waitForTimeout(400);
  await csvOf(open, "Best on validation so far");
  await figure(page, "Settings and result of each run").locator("vscode-button", { hasText: "Clear" }).click();
  await told(page)
    .filter({ hasText: `all ${RUNS} runs` })
    .waitFor();
  // The lower end of the first axis, the method, is moved up by one place: one of the two methods is left.
  const from = page.getByRole("slider", { name: "method, from" });
  await from.focus();
  await page.keyboard.press("ArrowUp");
  await told(page).filter({ hasText: " selected" }).waitFor();
  const left = await from.getAttribute("aria-valuetext");
  const own = points.filter(({ method }) => method === left).length;
  assert.ok(own > 0 && own !== RUNS / 2, `${left}: ${own}`);
  assert.equal(await told(page).innerText(), `${own} of ${RUNS} runs selected`);
  await page.keyboard.press("Escape");
  await told(page)
    .filter({ hasText: `all ${RUNS} runs` })
    .waitFor();
  assert.deepEqual(open.errors, []);
  await open.context.close();
});

test("ranges stay when a run joins or leaves the comparison, the theme or the width is another, and the number is told anew", async () => {
  const open = await compared();
  const { page } = open;
  const from = page.getByRole("slider", { name: "method, from" });
  await from.focus();
  await page.keyboard.press("ArrowUp");
  await told(page).filter({ hasText: " selected" }).waitFor();
  const left = await from.getAttribute("aria-valuetext");
  const own = points.filter(({ method }) => method === left).length;
  const says = (text: string) =>
    until(
      () => told(page).innerText(),
      (each) => each === text,
      text,
    );
  const send = (ids: string[]) => open.send({ type: "open", tab: "compare", ids });
  const some = points.filter(({ method }, i) => method !== left || i % 2 === 0).slice(0, 60);
  await send(some.map(({ id }) => id));
  await says(`${some.filter(({ method }) => method === left).length} of ${some.length} runs selected`);
  await send(points.map(({ id }) => id));
  await says(`${own} of ${RUNS} runs selected`);
  await page.locator("#tab-training").click();
  await page.setViewportSize({ width: 300, height: 900 });
  await page.locator("#tab-compare").click();
  await page.evaluate(() => {
    document.body.classList.replace("vscode-light", "vscode-dark");
  });
  await says(`${own} of ${RUNS} runs selected`);
  await figure(page, "Settings and result of each run").locator("vscode-button", { hasText: "Clear" }).click();
  await says(`No range: all ${RUNS} runs`);
  await send(some.map(({ id }) => id));
  await says(`No range: all ${some.length} runs`);
  assert.deepEqual(open.errors, []);
  await open.context.close();
});

test("a drag beyond the ends of an axis is a range up to its end, the other buttons select nothing", async () => {
  const open = await compared();
  const { page } = open;
  // What is told of the comparison above the figures moves them as it comes and goes.
  await figure(page, "Test accuracy over seeds").waitFor();
  const box = (await figure(page, "Settings and result of each run").locator("canvas").boundingBox())!;
  const x = box.x + box.width - 74;
  const drag = async (from: number, to: number, button: "left" | "right" = "left") => {
    await page.mouse.move(x, box.y + from);
    await page.mouse.down({ button });
    await page.mouse.move(x, box.y + to, { steps: 3 });
    await page.mouse.up({ button });
  };
  const says = (text: string) =>
    until(
      () => told(page).innerText(),
      (each) => each === text,
      text,
    );
  // Nothing lies above the axis: the two ends of its range stand at its top, in this order.
  await drag(4, 22);
  await says(`0 of ${RUNS} runs selected`);
  const now = (end: string) =>
    page.getByRole("slider", { name: `Validation accuracy (%), ${end}` }).getAttribute("aria-valuenow");
  assert.deepEqual([await now("from"), await now("to")], ["102", "102"]);
  const before = await told(page).innerText();
  await drag(60, 300, "right");
  await page.waitForTimeout(300);
  assert.equal(await told(page).innerText(), before);
  await open.context.close();
});

test("pairs of settings: one that is chosen for the other side, too, changes sides; drop-downs say what is shown", async () => {
  const open = await compared();
  const { page } = open;
  const pairs = page.locator(".figure:visible", { has: page.locator(".heatmap") }).first();
  await pairs.waitFor();
  const side = (name: string) => pairs.locator(`vscode-dropdown[aria-label="${name}"]`);
  const labels = host.labels();
  const sides = () =>
    Promise.all(
      [labels.down, labels.across].map((each) =>
        side(each).evaluate((own) => (own as unknown as { value: string }).value),
      ),
    );
  const [down, across] = await sides();
  assert.notEqual(down, across);
  await side(labels.across).click();
  await side(labels.across).locator("vscode-option", { hasText: down! }).click();
  await until(sides, (now) => now[0] === across && now[1] === down);
  const title = await pairs.locator("h2").innerText();
  const [over, and] = [across, down].map((key) => title.indexOf(key!.replace(/^(method|training|task)\./, "")));
  assert.ok(over! > 0 && and! > over!, title);
  await side(labels.down).click();
  await side(labels.down).locator('vscode-option[value="method"]').click();
  await until(sides, ([now]) => now === "method");
  assert.equal(await side(labels.method).getAttribute("disabled"), "");
  await open.context.close();
});

for (const theme of Object.keys(THEMES)) {
  test(`${theme}: a sweep's figures and tables: nothing refused, no error, axe finds nothing serious`, async () => {
    const open = await compared(theme);
    const { page } = open;
    const from = page.getByRole("slider", { name: "method, from" });
    await from.focus();
    await page.keyboard.press("ArrowUp");
    await told(page).filter({ hasText: "selected" }).waitFor();
    await page.waitForTimeout(400);
    await page.screenshot({ path: join(SHOTS, `${theme}-sweep.png`), fullPage: true });
    for (const box of await page.locator(".figure:visible .tools vscode-checkbox").all()) await box.click();
    assert.deepEqual(await graveViolations(page, "sweep"), []);
    assert.deepEqual(open.errors, []);
    assert.deepEqual(open.violations, []);
    await open.context.close();
  });
}
