import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import type { RunView, StepPoint } from "../../src/protocol/hostToPage.ts";
import { FixtureRuns } from "./fixtureRuns.ts";
import { PageHost } from "./pageHost.ts";
import { moved, watchMotion } from "./still.ts";
import { CHANGE_THEME, THEMES } from "./themes.ts";
import { until } from "./until.ts";

const TABS = ["ablation", "offsets", "shift", "latency", "compare", "training"] as const;
let runs: FixtureRuns;
let host: PageHost;
let id: string;
before(async () => {
  runs = new FixtureRuns("one");
  host = await PageHost.start(runs.runsDir);
  id = runs.plain.id;
});
after(async () => {
  await host.stop();
  runs.remove();
});

async function changeTheme(page: Page, theme: string): Promise<void> {
  const others = [...new Set(Object.values(THEMES).flatMap(({ body }) => body.split(" ")))];
  const { body, variables } = THEMES[theme]!;
  await page.evaluate(`(${CHANGE_THEME})(${JSON.stringify({ classes: body.split(" "), others, values: variables })})`);
}
/** Pixels of a canvas that have a colour, and how many are opaque enough to have one. */
const pixels = (page: Page, selector: string, colour: string): Promise<number> =>
  page
    .locator(selector)
    .first()
    .evaluate((element, wanted) => {
      const canvas = element as HTMLCanvasElement;
      const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
      const [r, g, b] = [1, 3, 5].map((at) => parseInt(wanted.slice(at, at + 2), 16)) as [number, number, number];
      let count = 0;
      for (let i = 0; i < data.length; i += 4)
        if (data[i + 3]! > 200 && Math.abs(data[i]! - r) + Math.abs(data[i + 1]! - g) + Math.abs(data[i + 2]! - b) < 12)
          count++;
      return count;
    }, colour);
const picture = (page: Page, selector: string): Promise<string> =>
  page
    .locator(selector)
    .first()
    .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
/** The plain run as if it were training, with some new points. */
function runningUpdate(): { points: StepPoint[]; view: RunView } {
  const record = { ...runs.plain.record(), status: "running" as const, steps: 100 };
  const point = (step: number): StepPoint => ({
    step,
    loss: step % 7,
    learningRate: { prompt: 0.1 },
    gradientNorm: { prompt: 1 },
    updateRatio: { prompt: 0.01 },
    tokensPerSecond: 100,
    secondsLeft: 1,
    memory: 1e8,
  });
  return {
    points: Array.from({ length: 40 }, (_, i) => point(20 + i)),
    view: {
      record,
      live: true,
      resumable: false,
      unasked: [],
      statusText: "running",
      metric: "accuracy",
      metricName: "accuracy",
      correlation: false,
      summary: "",
      progress: 0.5,
      adapterPath: undefined,
    },
  };
}

const twoFrames = (page: Page): Promise<void> =>
  page.evaluate(
    () =>
      new Promise<void>((done) => {
        requestAnimationFrame(() => {
          requestAnimationFrame(() => {
            done();
          });
        });
      }),
  );

for (const stillBy of ["system", "class"] as const) {
  test(`less motion asked for by ${stillBy === "system" ? "the system" : "VS Code's class"}: nothing on a page moves, whatever is done on it`, async () => {
    const { page, send, context } = await host.open(id, { stillBy });
    await page.locator("h1", { hasText: "One" }).waitFor();
    await watchMotion(page);
    for (const tab of TABS) {
      await page.locator(`#tab-${tab}`).click();
      await page.locator(`#view-${tab}`).waitFor({ state: "visible" });
      for (const control of await page.locator("vscode-button:visible, vscode-checkbox:visible").all())
        await control.hover();
      for (const box of await page.locator(".figure:visible .tools vscode-checkbox").all()) await box.click();
      await page.keyboard.press("Tab");
    }
    await changeTheme(page, "dark");
    // A chart has its last form in the frame after its news, and stays so.
    await send({ type: "update", ...runningUpdate() });
    await twoFrames(page);
    const soon = await picture(page, "#view-training canvas");
    await page.waitForTimeout(600);
    assert.equal(await picture(page, "#view-training canvas"), soon);
    assert.deepEqual(await moved(page), []);
    // And what moves would have been seen.
    await page.evaluate(() => {
      document
        .querySelector("vscode-button")!
        .shadowRoot!.querySelector("button")!
        .animate([{ opacity: 0 }, { opacity: 1 }], 300);
    });
    await until(
      () => moved(page),
      ({ length }) => length === 1,
      "an animation in a shadow root",
    );
    await context.close();
  });

  test(`less motion asked for by ${stillBy === "system" ? "the system" : "VS Code's class"}: nothing on the setup page moves either`, async () => {
    const { page, context } = await host.openSetup(
      { name: "mail", task: { kind: "mail" }, backbone: "tiny-t5", budget: 12_800, steps: 90, maxSourceLength: 64 },
      { stillBy },
    );
    await page.locator("h1").waitFor();
    await watchMotion(page);
    for (const control of await page
      .locator("vscode-button:visible, vscode-text-field:visible, vscode-dropdown:visible")
      .all()) {
      await control.hover();
      await control.focus();
    }
    await page.locator("vscode-dropdown").first().click();
    await page.keyboard.press("Escape");
    await page.locator(".budget [role=status]", { hasText: "hidden units" }).waitFor({ timeout: 30_000 });
    await page.locator("#budget").focus();
    await page.keyboard.press("End");
    await page.waitForTimeout(400);
    assert.deepEqual(await moved(page), []);
    await context.close();
  });
}

test("a change of theme repaints what is open: curves, axes, page and text; the cells of a heatmap keep the palette's colours", async () => {
  const { page, context } = await host.open(id, { theme: "light" });
  const loss = "#view-training canvas";
  const cells = "#view-offsets .heatmap canvas";
  const colour = (theme: string, name: string): string => THEMES[theme]!.variables[name]!;
  await until(
    () => pixels(page, loss, colour("light", "charts-blue")),
    (count) => count > 20,
    "the curve in its colour",
  );
  let before = "light";
  for (const theme of ["dark", "high-contrast", "light"]) {
    await changeTheme(page, theme);
    await until(
      () => Promise.all([theme, before].map((each) => pixels(page, loss, colour(each, "charts-blue")))),
      ([now, old]) => now! > 20 && old === 0,
      `the curve in ${theme}`,
    );
    const shown = await page.evaluate(() => {
      const { color, backgroundColor } = getComputedStyle(document.body);
      return [color, backgroundColor];
    });
    assert.deepEqual(
      shown,
      [colour(theme, "editor-foreground"), colour(theme, "editor-background")].map(
        (hex) => `rgb(${[1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).join(", ")})`,
      ),
    );
    before = theme;
  }
  await page.locator("#tab-offsets").click();
  await page.locator(cells).first().waitFor();
  const yellow = "#fde725";
  const count = await until(
    () => pixels(page, cells, yellow),
    (pixel) => pixel > 20,
    "cells at the end of the palette",
  );
  for (const theme of ["high-contrast", "light"]) {
    await changeTheme(page, theme);
    await until(
      () => Promise.all([theme, before].map((each) => pixels(page, cells, colour(each, "editor-foreground")))),
      ([now, old]) => now! > 20 && old! < 5,
      `axes in ${theme}`,
    );
    assert.equal(await pixels(page, cells, yellow), count);
    before = theme;
  }
  await context.close();
});
