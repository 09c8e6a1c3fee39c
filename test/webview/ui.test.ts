import { build } from "esbuild";
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { after, before, test } from "node:test";
import { chromium, type Browser, type Page } from "playwright-core";

let browser: Browser;
before(async () => {
  browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
});
after(() => browser.close());

/** A page with one of each control; what they call is listed in `window.calls`. */
const SCRIPT = `
  window.calls = [];
  const call = (name) => (value) => { window.calls.push([name, value]); };
  const panel = (text) => { const p = document.createElement("p"); p.textContent = text; return p; };
  window.made = ui.tabs([{ id: "one", label: "One", content: panel("first") }, { id: "two", label: "Two", content: panel("second") }, { id: "three", label: "Three", content: panel("third") }], "two", call("tab"));
  document.body.append(ui.button("Press", () => call("button")(null), "primary"), ui.button("S", () => call("short")(null), "secondary", "A longer name"), ui.checkbox("Tick", true, call("checkbox")),
    ui.select("Pick", [{ value: "a", text: "Apple" }, { value: "b", text: "Pear" }], { value: "b", onChange: call("select") }), ui.textField("Words", "before", call("text")), window.made.element);`;

async function open(file: string): Promise<Page> {
  const {
    outputFiles: [bundle],
  } = await build({
    entryPoints: [resolve(import.meta.dirname, file)],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "ui",
    platform: "browser",
    logLevel: "error",
  });
  const page = await browser.newPage();
  await page.setContent("<!doctype html><html lang=en><body></body></html>");
  await page.addScriptTag({ content: `${bundle!.text}\n${SCRIPT}` });
  return page;
}
const calls = (page: Page): Promise<[string, unknown][]> =>
  page.evaluate(() => (window as unknown as { calls: [string, unknown][] }).calls.splice(0));

/** What the page relies on, whichever controls it is built from. */
for (const [name, file] of [
  ["the toolkit", "../../webview/ui.ts"],
  ["plain HTML", "nativeUi.ts"],
] as const) {
  test(`controls of ${name} keep the contract`, async () => {
    const page = await open(file);
    await page.getByRole("button", { name: "Press" }).click();
    assert.deepEqual(await calls(page), [["button", null]]);
    await page.getByRole("button", { name: "A longer name" }).press("Enter");
    assert.deepEqual(await calls(page), [["short", null]]);
    const box = page.getByRole("checkbox", { name: "Tick" });
    assert.equal(await box.isChecked(), true);
    await box.click();
    assert.deepEqual(await calls(page), [["checkbox", false]]);
    await box.press("Space");
    assert.deepEqual(await calls(page), [["checkbox", true]]);
    const list = page.getByRole("combobox", { name: "Pick" });
    await list.focus();
    await list.press("ArrowUp");
    await list.press("Enter");
    assert.deepEqual(await calls(page), [["select", "a"]], "a choice is told once, by its value");
    const field = page.getByRole("textbox", { name: "Words" });
    assert.equal(await field.inputValue(), "before");
    await field.fill("after");
    assert.deepEqual((await calls(page)).at(-1), ["text", "after"]);
    const tab = (label: string) => page.getByRole("tab", { name: label });
    assert.equal(await tab("Two").getAttribute("aria-selected"), "true");
    assert.deepEqual(
      [await page.getByText("first").isVisible(), await page.getByText("second").isVisible()],
      [false, true],
    );
    assert.deepEqual(await calls(page), [], "the first tab is not told: it was asked for");
    await tab("Three").click();
    assert.deepEqual(await calls(page), [["tab", "three"]]);
    await tab("Three").press("ArrowLeft");
    assert.deepEqual(await calls(page), [["tab", "two"]]);
    await page.evaluate(() => {
      (window as unknown as { made: { select: (id: string) => void } }).made.select("one");
    });
    await page.getByText("first").waitFor();
    assert.deepEqual(await calls(page), [], "who shows a tab knows of it");
    await page.close();
  });
}
