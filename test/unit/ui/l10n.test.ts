import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StabilityWatch } from "../../../src/analysis/stability/stabilityWatch.ts";
import { UserError, type ErrorData } from "../../../src/base/errors.ts";
import { english, listed, phrase, said } from "../../../src/base/phrase.ts";
import { experimentOf, experimentText } from "../../../src/experiment/experimentDraft.ts";
import { foldEvents } from "../../../src/record/foldEvents.ts";
import { RunStatus } from "../../../src/record/events.ts";
import { MEASURES } from "../../../src/protocol/measures.ts";
import { LineReader } from "../../../src/run/journal/journalLines.ts";
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

/** A window in a pseudo-language that has every phrase of the core, and gives the language up afterwards. */
async function inPseudoLanguage(check: (parts: Awaited<ReturnType<typeof loadParts>>) => void): Promise<void> {
  const parts = await loadParts();
  const { vscode } = parts;
  const bundle = Object.fromEntries(coreMessages().map((text) => [text, pseudo(text)]));
  const l10n = vscode.l10n as typeof vscode.l10n & { bundle?: Record<string, string> };
  vscode.setTranslation((text) => bundle[text] ?? text);
  l10n.bundle = bundle;
  try {
    check(parts);
  } finally {
    delete l10n.bundle;
    vscode.setTranslation((text) => text);
  }
}

test("every phrase of the core is shown in the window's language with its values, phrases in phrases too", async () => {
  const { localised } = await loadParts();
  const missing = phrase`There is no experiment file ${"/a {0}/$&.json"}.`;
  assert.equal(localised(missing), "There is no experiment file /a {0}/$&.json.", "without a language of its own");
  await inPseudoLanguage(() => {
    const told = localised(missing);
    assert.ok(foreign(told) && told.includes("/a {0}/$&.json"), told);
    for (const template of coreMessages()) {
      const places = [...template.matchAll(/\{(\d+)\}/g)].map(([, i]) => `v${i}`);
      const own = localised({ template, values: places });
      assert.ok(foreign(own), template);
      for (const value of places) assert.ok(own.includes(value), `${template}: ${own}`);
    }
    const nested = localised(phrase`The analysis "${"x"}" was left out: ${missing}`);
    assert.doesNotMatch(nested, /left out|no experiment/);
    assert.ok(nested.includes("/a {0}/$&.json"), nested);
    assert.equal(localised("The repository has no remote."), "The repository has no remote.", "a string has no phrase");
    assert.equal(localised(phrase`nobody has translated ${"this"}`), "nobody has translated this");
    assert.equal(localised({ template: "__proto__", values: [] }), "__proto__");
  });
});

test("an error is shown in the window's language with what to do about it, and logged in English", async () => {
  const error = new UserError(
    "tokenizer-missing",
    phrase`${"/a"} has no tokenizer.json, and none of what stands for it: spiece.model, or vocab.json with merges.txt`,
    phrase`Download those files of the model too, or save its tokenizer there with save_pretrained of transformers.`,
  );
  await inPseudoLanguage(({ localisedError }) => {
    for (const each of [error, UserError.of(JSON.parse(JSON.stringify(error.data)) as ErrorData)]) {
      const shown = localisedError(each);
      assert.equal(shown.match(/⟦/g)?.length, 2, shown);
      assert.ok(shown.includes("/a "), shown);
      assert.match(each.message, /^\/a has no tokenizer\.json, and none of what stands for it/);
    }
  });
});

test("what is told of a run is shown in the window's language: alerts, interruptions, why it has no commit, what its commit left out, what its analysis advises", async () => {
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
  const notes = listed(
    [
      phrase`git knows no name and e-mail: the commit is by ADePT Lab`,
      phrase`left out: ${listed([phrase`${"a b/.env"} (${phrase`may hold a secret`})`, phrase`${"big (1).bin"} (${phrase`larger than 1 MB`})`])}`,
    ],
    "; ",
  );
  const error = new UserError("folder-missing", phrase`${"/a"} does not exist`, phrase`Stop it first.`);
  const { code, message: why, action } = error.data;
  // Through the text of a journal, as a window gets it.
  const journal = (structured: boolean) =>
    foldEvents(
      LineReader.all(
        [
          { type: "warning", time: 1, ...said(warnings[0]!) },
          { type: "git", time: 2, kind: "skipped", ...said(notes) },
          { type: "error", time: 3, ...said(why), code, action: error.action, actionPhrase: action },
          { type: "status", time: 4, status: "failed", ...said(why) },
        ].map((event) =>
          JSON.stringify(event, (key, value: unknown) => (!structured && /phrase$/i.test(key) ? undefined : value)),
        ),
      ).filter((event) => event !== undefined),
    );
  await inPseudoLanguage(({ viewOf, localisedResult }) => {
    const view = viewOf({ id: "x", record: journal(true), directory: { path: "/nowhere" } } as never);
    assert.ok(foreign(view.record.warnings[0]!) && view.record.warnings[0]!.includes("training.learningRate.ffn"));
    const left = view.record.gitMessage ?? "";
    assert.doesNotMatch(left, /the commit|left out|secret|larger/);
    assert.ok(left.includes("a b/.env (⟦") && left.includes("big (1).bin (⟦"), left);
    assert.doesNotMatch(view.statusText, /does not exist|Stop it/);
    const old = viewOf({ id: "x", record: journal(false), directory: { path: "/nowhere" } } as never);
    assert.deepEqual(
      [old.record.warnings, old.record.gitMessage],
      [warnings.map(english), english(notes)],
      "a journal of an older version has English alone",
    );
    assert.match(old.statusText, /\/a does not exist\. Stop it first\.$/);
    const reason = phrase`${"ffn"} changes by ${"90"} % of itself a step`;
    const advice = { rate: 0.1, why: english(reason) };
    const result = { components: [{ group: "ffn", advice: { ...advice, phrase: reason } }, { advice }] };
    const [own, older] = (localisedResult(result) as typeof result).components;
    assert.ok(foreign(own!.advice.why) && !("phrase" in own!.advice), own!.advice.why);
    assert.equal(older!.advice.why, advice.why);
  });
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
