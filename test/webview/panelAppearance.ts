// Every tab in every theme: no error, nothing that the policy refuses, nothing that axe-core finds serious.
// Every tab at several widths: nothing is wider than the page.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { TABS } from "../../src/protocol/tabs.ts";
import { graveViolations } from "./graveViolations.ts";
import { SHOTS, assertClean, choose, figure, goTo, fixture } from "./panelFixture.ts";
import { THEMES } from "./themes.ts";

for (const theme of Object.keys(THEMES)) {
  test(`${theme}: every tab, every button and table: nothing the policy refuses, no error, axe finds nothing serious`, async () => {
    const open = await fixture.host.open(fixture.runs.run("adept", 0).id, { theme });
    const { page, context } = open;
    await page.locator("h1", { hasText: "Three methods" }).waitFor();
    for (const tab of TABS) {
      await goTo(page, tab);
      if (tab === "compare") {
        await choose(page, [
          fixture.runs.run("adept", 0).id,
          fixture.runs.run("dept", 0).id,
          fixture.runs.run("pt", 1).id,
        ]);
        await figure(page, "Each run against").waitFor();
      }
      for (const box of await page.locator(".figure:visible .tools vscode-checkbox").all()) await box.click();
      for (const button of await page.locator(".figure:visible .tools vscode-button").all()) await button.click();
      await page.screenshot({ path: join(SHOTS, `${theme}-${tab}.png`), fullPage: true });
    }
    assertClean(open);
    await context.close();
  });

  test(`${theme}: axe-core`, async () => {
    const { page, context } = await fixture.host.open(fixture.runs.run("adept", 0).id, { theme });
    await page.locator("h1").waitFor();
    for (const tab of TABS) {
      await goTo(page, tab);
      if (tab === "compare") {
        await choose(page, [fixture.runs.run("adept", 0).id, fixture.runs.run("dept", 0).id]);
        await figure(page, "Each run against").waitFor();
      }
      assert.deepEqual(await graveViolations(page, tab), []);
    }
    await context.close();
  });
}
for (const [width, zoom] of [
  [300, 1],
  [1600, 1],
  [1000, 2],
] as const) {
  test(`${width} px at ${100 * zoom} %: nothing sticks out of the page`, async () => {
    const open = await fixture.host.open(fixture.runs.run("adept", 0).id, { width, zoom });
    const { page, context } = open;
    await page.locator("h1").waitFor();
    for (const tab of TABS) {
      await goTo(page, tab);
      const { wide, view } = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth,
        view: document.documentElement.clientWidth,
      }));
      assert.ok(wide <= view, `${tab}: ${wide} > ${view}`);
      await page.screenshot({ path: join(SHOTS, `${width}-${zoom}-${tab}.png`), fullPage: true });
    }
    assertClean(open);
    await context.close();
  });
}
