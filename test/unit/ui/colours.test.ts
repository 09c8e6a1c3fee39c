import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { coloursOfCss, coloursOfScript } from "./hardColours.ts";

const root = join(import.meta.dirname, "../../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const files = (folder: string, end: string): string[] =>
  readdirSync(join(root, folder), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(end))
    .map((name) => `${folder}/${name}`);
/** The scale of the heatmaps, and black or white upon it: the same in every theme. */
/** Those of heatmaps, and of series in a report, which has no theme. */
const PALETTES = ["src/figure/palette.ts", "src/figure/seriesStyle.ts"];

test("a colour is seen however it is written, and what only looks like one is not", () => {
  for (const css of [
    "a { color: #fff; }",
    "a { border: 1px solid rgb(0 0 0 / 50%) }",
    "a { background: white; }",
    "a { fill: LightGray }",
    "a { color: var(--vscode-foreground, #888); }",
    "@media (x) { a { outline: 1px solid red; } }",
  ])
    assert.notDeepEqual(coloursOfCss(css), [], css);
  for (const css of [
    "#red { margin: 0; }",
    ".white { color: var(--vscode-charts-red); }",
    "a { color: currentColor; background: transparent; border: 0 solid Canvas; }",
    "/* #fff */ a { margin: 0 }",
    'a::after { content: "red"; }',
    "a:focus-visible { outline-color: var(--x-blue, inherit); }",
    "a { white-space: pre; }",
  ])
    assert.deepEqual(coloursOfCss(css), [], css);
  for (const script of [
    "ctx.fillStyle = '#000';",
    "const a = `rgb(${r} ${g} ${b})`;",
    "el.style.color = 'red';",
    "({ borderColor: 'white' })",
    'el.style.background = "hsl(1 2% 3%)";',
  ])
    assert.notDeepEqual(coloursOfScript("bad.ts", script), [], script);
  for (const script of [
    "const names = ['red', 'blue'];",
    "ctx.fillStyle = theme.background;",
    "({ color: theme.foreground })",
    "location.hash = '#tab-training';",
    "// #fff",
    "read('--vscode-charts-red')",
    "({ id: 'black' })",
  ])
    assert.deepEqual(coloursOfScript("good.ts", script), [], script);
});

test("pages have the theme's colours, and figures those of the palettes' files", () => {
  for (const file of files("webview", ".css")) assert.deepEqual(coloursOfCss(read(file)), [], file);
  const scripts = ["webview", "src/ui", "src/figure"].flatMap((folder) => files(folder, ".ts"));
  for (const file of [...scripts, "src/extension.ts"].filter((each) => !PALETTES.includes(each)))
    assert.deepEqual(coloursOfScript(file, read(file)), [], file);
  for (const palette of PALETTES) assert.notDeepEqual(coloursOfScript(palette, read(palette)), []);
});
