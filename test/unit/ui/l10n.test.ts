import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fold } from "../../../src/experiment/record.ts";
import { ANALYSIS_NAMES } from "../../../src/experiment/analysisNames.ts";
import { RunStatus } from "../../../src/experiment/events.ts";
import { MEASURES } from "../../../src/heatmap/measures.ts";
import { loadParts } from "../../host/loadParts.ts";
import { coreMessages, translatedTexts, untranslated } from "../../l10n/extract.ts";
import { pseudo } from "../../l10n/pseudo.ts";

const root = join(import.meta.dirname, "../../.."), read = (path: string): string => readFileSync(join(root, path), "utf8");

test("translators get every text, and none that is no longer shown (npm run l10n writes the list)", () => {
  const bundle = JSON.parse(read("l10n/bundle.l10n.json")) as Record<string, string>;
  assert.deepEqual(Object.keys(bundle), [...new Set([...translatedTexts(), ...coreMessages()])].sort());
  assert.ok(coreMessages().length > 150, "obstacles too");
  assert.equal((JSON.parse(read("package.json")) as { l10n: string }).l10n, "./l10n");
});

test("no text in the host's sources is shown as it stands", () => {
  // The page's document is markup.
  assert.deepEqual(untranslated().filter(({ file }) => file !== "ui/pageHtml.ts"), []);
});

test("the page has no texts of its own: all come from the host", () => {
  for (const file of readdirSync(join(root, "webview"), { recursive: true }).map(String).filter((name) => name.endsWith(".ts"))) {
    for (const [, text] of read(`webview/${file}`).matchAll(/\bel\("\w+", "([^"]*)"/g)) assert.doesNotMatch(text ?? "", /[a-z]{2}/i, `${file}: ${text ?? ""}`);
    for (const [, text] of read(`webview/${file}`).matchAll(/(?:textContent|title|ariaLabel) = "([^"]*)"/g)) assert.doesNotMatch(text ?? "", /[a-z]{2}/i, `${file}: ${text ?? ""}`);
  }
});

test("in a pseudo-language every text that is shown is that language's", async () => {
  const { vscode, pageLabels, setupLabels, statusText, analysisTitle, measureTitle, runItem, tooltip } = await loadParts();
  vscode.setTranslation(pseudo);
  const foreign = (text: string): boolean => text.startsWith("⟦");
  for (const labels of [pageLabels(), setupLabels()]) for (const [name, text] of Object.entries(labels)) assert.ok(foreign(text), `${name}: ${text}`);
  for (const text of [...RunStatus.options.map(statusText), ...ANALYSIS_NAMES.map(analysisTitle), ...MEASURES.map(measureTitle)]) assert.ok(foreign(text), text);
  const record = { ...fold([]), id: "20260101-000000-aaaa", name: "7", status: "running" as const, lastStep: { step: 3, loss: 1, learningRate: {}, gradientNorm: {}, updateRatio: {}, tokensPerSecond: 1, secondsLeft: 30 }, steps: 9, archived: true, message: "x" };
  const item = runItem({ id: record.id, record } as never, "7"), described = `${String(item.description)} ${tooltip(record).value} ${item.accessibilityInformation?.label ?? ""} ${item.command?.title ?? ""}`;
  // What stands outside the brackets is data: names, ids, numbers.
  const own = described.replace(/⟦[^⟧]*⟧/g, "").replace(/20260101-000000-aaaa/g, "");
  assert.doesNotMatch(own, /[a-z]{2}/i, own);
  vscode.setTranslation((text) => text);
});

test("texts of package.json are all in package.nls.json: a pseudo-language reaches every one", () => {
  const manifest = JSON.parse(read("package.json")) as Record<string, unknown>, shown = /^(title|description|markdownDescription|displayName|name|contents|altText|category)$/, literal: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value === "string" && shown.test(path.split(".").at(-1) ?? "") && !/^%[\w.]+%$/.test(value)) literal.push(`${path}: ${value}`);
    if (Array.isArray(value)) value.forEach((each, i) => { visit(each, `${path}.${i}`); });
    else if (typeof value === "object" && value !== null) for (const [key, each] of Object.entries(value)) visit(each, `${path}.${key}`);
  };
  visit(manifest["contributes"], "contributes");
  // The category is the product's own name.
  assert.deepEqual(literal.filter((each) => !each.endsWith("category: ADePT")), []);
});

test("messages that come from workers, journals and files are said in the window's language, with their values", async () => {
  const { localised, vscode } = await loadParts(), bundle = Object.fromEntries(coreMessages().map((text) => [text, pseudo(text)])), l10n = vscode.l10n as typeof vscode.l10n & { bundle?: Record<string, string> };
  assert.equal(localised("There is no experiment file /x."), "There is no experiment file /x.", "without a language of its own");
  vscode.setTranslation((text) => bundle[text] ?? text);
  l10n.bundle = bundle;
  const said = localised("There is no experiment file /a {b}/$&.json.");
  assert.ok(said.startsWith("⟦") && said.includes("/a {b}/$&.json"), said);
  for (const template of coreMessages()) {
    const filled = template.replace(/\{(\d)\}/g, (_, i: string) => `v${i}`), own = localised(filled);
    assert.ok(own.startsWith("⟦"), template);
    for (const [, i] of template.matchAll(/\{(\d)\}/g)) assert.ok(own.includes(`v${i}`), `${template}: ${own}`);
  }
  assert.equal(localised("something that nobody has translated"), "something that nobody has translated");
  const from = performance.now();
  localised(`${": \" has (".repeat(100_000)}.`);
  assert.ok(performance.now() - from < 5000, "a pass over the message a template, however it is made");
  delete l10n.bundle;
  vscode.setTranslation((text) => text);
});
