import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StabilityWatch } from "../../../src/analysis/stability/stabilityWatch.ts";
import { experimentOf, experimentText } from "../../../src/experiment/experimentDraft.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import { RunStatus } from "../../../src/record/events.ts";
import { MEASURES } from "../../../src/protocol/measures.ts";
import { loadParts } from "../../host/loadParts.ts";
import { coreMessages, schemaTexts, translatedTexts, untranslated } from "../../l10n/extract.ts";
import { pseudo } from "../../l10n/pseudo.ts";

const root = join(import.meta.dirname, "../../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

test("translators get every text, and none that is no longer shown (npm run l10n writes the list)", () => {
  const bundle = JSON.parse(read("l10n/bundle.l10n.json")) as Record<string, string>;
  assert.deepEqual(
    Object.keys(bundle),
    [...new Set([...translatedTexts(), ...coreMessages(), ...schemaTexts()])].sort(),
  );
  assert.ok(coreMessages().length > 150, "obstacles too");
  assert.equal((JSON.parse(read("package.json")) as { l10n: string }).l10n, "./l10n");
});

test("no text in the host's sources is shown as it stands", () => {
  // The page's document is markup.
  assert.deepEqual(
    untranslated().filter(({ file }) => file !== "ui/page/pageHtml.ts"),
    [],
  );
});

test("the page has no texts of its own: all come from the host", () => {
  for (const file of readdirSync(join(root, "webview"), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".ts"))) {
    for (const [, text] of read(`webview/${file}`).matchAll(/\bel\("\w+", "([^"]*)"/g))
      assert.doesNotMatch(text ?? "", /[a-z]{2}/i, `${file}: ${text ?? ""}`);
    for (const [, text] of read(`webview/${file}`).matchAll(/(?:textContent|title|ariaLabel) = "([^"]*)"/g))
      assert.doesNotMatch(text ?? "", /[a-z]{2}/i, `${file}: ${text ?? ""}`);
  }
});

const foreign = (text: string): boolean => text.startsWith("⟦");

test("in a pseudo-language every text that is shown is that language's", async () => {
  const { vscode, pageLabels, setupLabels, statusText, analysisTitles, measureTitle, runItem, runTooltip } =
    await loadParts();
  vscode.setTranslation(pseudo);
  for (const labels of [pageLabels(vscode.l10n.t), setupLabels(vscode.l10n.t)])
    for (const [name, text] of Object.entries(labels)) assert.ok(foreign(text), `${name}: ${text}`);
  for (const text of [
    ...RunStatus.options.map(statusText),
    ...Object.values(analysisTitles(vscode.l10n.t)),
    ...MEASURES.map(measureTitle),
  ])
    assert.ok(foreign(text), text);
  const record = {
    ...foldEvents([]),
    id: "20260101-000000-aaaa",
    name: "7",
    status: "running" as const,
    lastStep: {
      step: 3,
      loss: 1,
      learningRate: {},
      gradientNorm: {},
      updateRatio: {},
      tokensPerSecond: 1,
      secondsLeft: 30,
    },
    steps: 9,
    archived: true,
    message: "x",
  };
  const item = runItem({ id: record.id, record } as never, "7");
  const described = `${String(item.description)} ${runTooltip(record).value} ${item.accessibilityInformation?.label ?? ""} ${item.command?.title ?? ""}`;
  // What stands outside the brackets is data: names, ids, numbers.
  const own = described.replace(/⟦[^⟧]*⟧/g, "").replace(/20260101-000000-aaaa/g, "");
  assert.doesNotMatch(own, /[a-z]{2}/i, own);
  vscode.setTranslation((text) => text);
});

test("texts of package.json are all in package.nls.json: a pseudo-language reaches every one", () => {
  const manifest = JSON.parse(read("package.json")) as Record<string, unknown>;
  const shown = /^(title|description|markdownDescription|displayName|name|contents|altText|category)$/;
  const literal: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value === "string" && shown.test(path.split(".").at(-1) ?? "") && !/^%[\w.]+%$/.test(value))
      literal.push(`${path}: ${value}`);
    if (Array.isArray(value))
      value.forEach((each, i) => {
        visit(each, `${path}.${i}`);
      });
    else if (typeof value === "object" && value !== null)
      for (const [key, each] of Object.entries(value)) visit(each, `${path}.${key}`);
  };
  visit(manifest["contributes"], "contributes");
  // The category is the product's own name.
  assert.deepEqual(
    literal.filter((each) => !each.endsWith("category: ADePT")),
    [],
  );
});

test("messages that come from workers, journals and files are said in the window's language, with their values", async () => {
  const { localised, vscode } = await loadParts();
  const bundle = Object.fromEntries(coreMessages().map((text) => [text, pseudo(text)]));
  const l10n = vscode.l10n as typeof vscode.l10n & { bundle?: Record<string, string> };
  assert.equal(
    localised("There is no experiment file /x."),
    "There is no experiment file /x.",
    "without a language of its own",
  );
  vscode.setTranslation((text) => bundle[text] ?? text);
  l10n.bundle = bundle;
  const said = localised("There is no experiment file /a {b}/$&.json.");
  assert.ok(said.startsWith("⟦") && said.includes("/a {b}/$&.json"), said);
  for (const template of coreMessages()) {
    const filled = template.replace(/\{(\d)\}/g, (_, i: string) => `v${i}`);
    const own = localised(filled);
    assert.ok(own.startsWith("⟦"), template);
    for (const [, i] of template.matchAll(/\{(\d)\}/g)) assert.ok(own.includes(`v${i}`), `${template}: ${own}`);
  }
  assert.equal(localised("something that nobody has translated"), "something that nobody has translated");
  const from = performance.now();
  localised(`${': " has ('.repeat(100_000)}.`);
  assert.ok(performance.now() - from < 5000, "a pass over the message a template, however it is made");
  delete l10n.bundle;
  vscode.setTranslation((text) => text);
});

test("what is said of a run is said in the window's language: alerts, interruptions, why it has no commit, what its commit left out, what its analysis advises", async () => {
  const { localised, localisedNotes, localisedResult, viewOf, vscode } = await loadParts();
  const l10n = vscode.l10n as typeof vscode.l10n & { bundle?: Record<string, string> };
  const known = new Set(coreMessages());
  for (const text of [
    "The worker ended without a word; resume goes on from the last checkpoint.",
    "the folder is not in a git repository, so the run has no commit",
    "git is not installed, so the run has no commit",
    "{0} does not exist",
    "may hold a secret",
    "left out: {0}",
    "taken during a merge",
    "Its worker did not start; see log.txt.",
  ])
    assert.ok(known.has(text), text);
  assert.ok(
    [...known].some((text) => /^Step \{0\}: the gradient of \{1\}/.test(text)),
    "alerts of the stability watch",
  );
  const bundle = Object.fromEntries([...known].map((text) => [text, pseudo(text)]));
  const words = (text: string): string => text.replace(/⟦[^⟧]*⟧/g, "");
  vscode.setTranslation((text) => bundle[text] ?? text);
  l10n.bundle = bundle;
  const said = localisedNotes(
    "git knows no name and e-mail: the commit is by ADePT Lab; left out: a b/.env (may hold a secret), big (1).bin (larger than 1 MB)",
  );
  assert.doesNotMatch(said, /the commit|left out|secret|larger/);
  assert.ok(said.includes("a b/.env (⟦") && said.includes("big (1).bin (⟦"), said);
  const warnings = new StabilityWatch(0).step({
    type: "step",
    step: 30,
    loss: 1,
    learningRate: { ffn: 0.5 },
    gradientNorm: { ffn: 1 },
    updateRatio: { ffn: 0.9 },
    tokensPerSecond: 1,
    secondsLeft: 1,
  });
  assert.equal(warnings.length, 1);
  const record = {
    ...foldEvents([]),
    id: "20260101-000000-aaaa",
    status: "failed" as const,
    warnings,
    gitMessage: "git is not installed, so the run has no commit",
    error: { message: 'The analysis "x" was left out: The budget is too small: /a does not exist', action: undefined },
  };
  const view = viewOf({ id: record.id, record, directory: { path: "/nowhere" } } as never);
  for (const text of [...view.record.warnings, view.record.gitMessage ?? ""]) assert.ok(foreign(text), text);
  assert.ok(view.record.warnings[0]?.includes("training.learningRate.ffn"));
  assert.doesNotMatch(view.statusText, /left out|does not exist/, "and the message inside a message");
  const {
    components: [advised],
  } = localisedResult({
    components: [{ group: "ffn", advice: { rate: 0.1, why: "ffn changes by 90 % of itself a step" } }],
  }) as { components: { group: string; advice: { why: string } }[] };
  assert.ok(advised?.group === "ffn" && foreign(advised.advice.why), advised?.advice.why);
  assert.ok(foreign(localised("Taken out of the queue.")));
  assert.doesNotMatch(words(said), /[a-z]{12}/);
  delete l10n.bundle;
  vscode.setTranslation((text) => text);
});

test(
  "an experiment's hovers, snippets and written notes are the window's language; what the file holds is not",
  { skip: !existsSync(join(root, "dist/experiment.schema.json")) },
  async () => {
    const { ExperimentSchema, experimentNotes, vscode } = await loadParts();
    const file = join(root, "dist/experiment.schema.json");
    const served = new ExperimentSchema(file);
    assert.deepEqual(
      JSON.parse(served.provideTextDocumentContent()),
      JSON.parse(readFileSync(file, "utf8")),
      "without a language of its own it is the file",
    );
    vscode.setTranslation(pseudo);
    const own: string[] = [];
    const bare = JSON.parse(served.provideTextDocumentContent(), function (this: unknown, key: string, value: unknown) {
      if (typeof value === "string" && /^(title|description)$/.test(key) && !foreign(value)) own.push(value);
      return value;
    }) as {
      properties: Record<string, { defaultSnippets?: { label: string; body: unknown }[] }>;
      defaultSnippets: { label: string; body: unknown }[];
      required: string[];
    };
    assert.deepEqual(own, []);
    assert.ok(
      bare.defaultSnippets.every(({ label }) => foreign(label)) &&
        !JSON.stringify([
          bare.required,
          bare.defaultSnippets.map(({ body }) => body),
          Object.keys(bare.properties),
        ]).includes("⟦"),
    );
    const experiment = experimentOf({
      name: "x",
      task: { kind: "file", train: "/d.csv", source: "{text}", target: "{label}" },
      backbone: "/t5",
      budget: 900,
      steps: 10,
      maxSourceLength: 9,
    });
    for (const backbone of ["tiny-t5", "/t5"])
      for (const note of Object.values({ ...experimentNotes(backbone, { promptLength: 1, bottleneck: 2, count: 3 }) }))
        assert.ok(foreign(note), note);
    const text = experimentText(experiment, { ...experimentNotes("/t5", undefined), target: "two\nlines" });
    assert.equal(text.match(/ \/\/ ⟦/g)?.length, 4, text);
    assert.match(text, /"target": "\{label\}",? \/\/ two lines\n/);
    assert.doesNotMatch(text.replace(/\/\/.*/g, ""), /⟦/);
    vscode.setTranslation((each) => each);
  },
);

test("the walkthrough's pictures have no words but the methods' names", () => {
  for (const file of readdirSync(join(root, "media/walkthrough")))
    for (const [, text] of read(`media/walkthrough/${file}`).matchAll(/<text[^>]*>([^<]*)/g))
      assert.doesNotMatch((text ?? "").replace(/\b(ADePT|DePT|PT)\b/g, ""), /\p{L}{2}/u, `${file}: ${text ?? ""}`);
});
