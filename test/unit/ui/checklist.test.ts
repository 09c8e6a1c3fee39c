import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const unit = (name: string) => `test/unit/ui/${name}.test.ts`;
const vscode = (name: string) => `test/integration/${name}.test.ts`;
const page = (name: string) => `test/webview/${name}.test.ts`;
const host = (name: string) => `test/process/${name}.test.ts`;
const CONVENTIONS = unit("conventions");
const MANIFEST = unit("manifest");

/**
 * By which kinds of test the checklist wants each convention held: S a script on the manifest or the package, U a unit
 * test, B the page in a browser, I a real VS Code.
 */
const WANTED: Record<number, string> = {
  1: "S",
  2: "S",
  3: "I",
  4: "S",
  5: "S",
  6: "S",
  7: "S",
  8: "U",
  9: "S",
  10: "S",
  11: "S",
  12: "S",
  13: "S",
  14: "S",
  15: "I",
  16: "S",
  17: "S",
  18: "I",
  19: "I",
  20: "I",
  21: "I",
  22: "I",
  23: "I",
  24: "I",
  25: "U",
  26: "I",
  27: "I",
  28: "S",
  29: "I",
  30: "I",
  31: "S",
  32: "U",
  33: "S",
  34: "S",
  35: "S",
  36: "I",
  37: "B",
  38: "S",
  39: "SI",
  40: "U",
  41: "B",
  42: "B",
  43: "B",
  44: "B",
  45: "B",
  46: "B",
  47: "B",
  48: "I",
  49: "U",
  50: "I",
  51: "SU",
  52: "U",
  53: "I",
  54: "I",
  55: "I",
  56: "I",
  57: "S",
  58: "S",
  59: "S",
  60: "S",
};

/** Returns the kinds of test in a file, by its folder; the test of the package reads the packed manifest. */
function kindsOf(file: string): string {
  if (file.startsWith("test/webview/")) return "B";
  if (file === "test/integration/vsix.test.ts") return "S";
  if (file.startsWith("test/integration/")) return "I";
  return /^test\/(unit|process|golden)\//.test(file) ? "SU" : "";
}

/**
 * Each convention of VS Code extensions that the project keeps, by number, and the tests (file, part of the title) that
 * hold it.
 */
const KEPT: Record<number, [file: string, title: string][]> = {
  1: [[CONVENTIONS, "the engine is stated"]],
  2: [[CONVENTIONS, "wakes for its own files"]],
  3: [
    [
      vscode("window"),
      "the activation takes no longer than that of VS Code's own Git extension, and starts no process",
    ],
    [unit("manifest"), "no library for schemas"],
  ],
  4: [[CONVENTIONS, "where it runs"]],
  5: [[CONVENTIONS, "where it runs"]],
  6: [[CONVENTIONS, "where it runs"]],
  7: [
    [CONVENTIONS, "the marketplace gets"],
    [MANIFEST, "the icon is a PNG"],
  ],
  8: [[MANIFEST, "commands of package.json and of the code"]],
  9: [[CONVENTIONS, "titles are in title case"]],
  10: [[CONVENTIONS, "what needs a row of the list"]],
  11: [
    [CONVENTIONS, "each `when` asks"],
    [MANIFEST, "menus and welcome texts ask only"],
  ],
  12: [[CONVENTIONS, "what takes something away"]],
  13: [[CONVENTIONS, "at most three inline"]],
  14: [[CONVENTIONS, "keys are bound for the list alone"]],
  15: [
    [vscode("trouble"), "without a folder"],
    [vscode("trouble"), "not trusted nothing starts"],
    [vscode("conventions"), "without a repository"],
    [vscode("trouble"), "graphics processor that the machine lacks"],
  ],
  16: [[CONVENTIONS, "one container with one view"]],
  17: [[CONVENTIONS, "every empty list says why"]],
  18: [[vscode("conventions"), "rows, badge and status item"]],
  19: [[vscode("conventions"), "rows, badge and status item"]],
  20: [
    [vscode("conventions"), "1,000 runs are listed"],
    [host("explorer"), "repaints its row and nothing else"],
  ],
  21: [[vscode("explorer"), "a list kept in order"]],
  22: [
    [vscode("conventions"), "a run's folder that cannot be read is shown"],
    [host("explorer"), "cannot be read has a row that says why"],
    [unit("cancellableWait"), "a long wait can be cancelled"],
    [page("panel"), "progress and cancel"],
    [page("panel"), "a comparison that is being made can be cancelled"],
  ],
  23: [[vscode("conventions"), "workspace of two folders"]],
  24: [
    [vscode("window"), "from the palette to a finished run"],
    [vscode("window"), "stopped from the status bar"],
    [vscode("queue"), "a message that is closed"],
  ],
  25: [[host("explorer"), "at most four times a second"]],
  26: [[vscode("conventions"), "one notification"]],
  27: [[vscode("conventions"), "rows, badge and status item"]],
  28: [[unit("checklist"), "nothing is written to a console"]],
  29: [
    [host("stop"), "a worker that ignores both is killed"],
    [host("stop"), "gets SIGTERM when its time is over"],
    [vscode("window"), "stopped from the status bar"],
  ],
  30: [[vscode("window"), "through a reload of the window"]],
  31: [[CONVENTIONS, "settings: ours by name"]],
  32: [
    [unit("settings"), "with one warning however often it is read"],
    [vscode("experimentEditing"), "a setting with a value of the wrong type"],
  ],
  33: [[CONVENTIONS, "settings: ours by name"]],
  34: [
    [CONVENTIONS, "one walkthrough of three to six steps"],
    [vscode("experimentEditing"), "the walkthrough's steps"],
  ],
  35: [[CONVENTIONS, "README, changelog, licence"]],
  36: [
    [vscode("experimentEditing"), "after an update nothing opens"],
    [vscode("experimentEditing"), "nothing opens by itself"],
  ],
  37: [
    [page("panel"), "nothing the policy refuses"],
    [page("setup"), "nothing refused by the policy"],
    [unit("page"), "the page's policy"],
  ],
  38: [[CONVENTIONS, "pages load from the package alone"]],
  39: [
    [CONVENTIONS, "not kept alive while hidden"],
    [vscode("trouble"), "a setup page comes back"],
    [vscode("explorer"), "analysed from its page"],
  ],
  40: [
    [unit("page"), "messages of the page are known or refused"],
    [unit("page"), "messages of the setup page are known or refused"],
  ],
  41: [
    [page("panel"), "nothing sticks out of the page"],
    [page("setup"), "nothing sticks out"],
  ],
  42: [
    [page("panel"), "every tab, every button"],
    [page("motion"), "a change of theme repaints what is open"],
    [unit("colours"), "pages have the theme's colours"],
    [vscode("window"), "the page in four themes"],
  ],
  43: [[page("panel"), "by keyboard"]],
  44: [
    [page("panel"), "axe-core"],
    [page("setup"), "nothing serious for axe"],
  ],
  45: [
    [page("motion"), "nothing on a page moves, whatever is done on it"],
    [page("motion"), "nothing on the setup page moves"],
    [CONVENTIONS, "nothing on a page moves of itself"],
  ],
  46: [
    [page("panel"), "a name with markup is text"],
    [page("setup"), "nothing refused by the policy"],
  ],
  48: [
    [vscode("heatmap"), "off again"],
    [host("heatmap"), "after an edit no colour is stale"],
  ],
  49: [[host("heatmap"), "one type a colour and no more"]],
  50: [
    [vscode("heatmap"), "offsets over a data file"],
    [host("heatmap"), "never more than 2,000 ranges"],
  ],
  51: [["test/unit/heatmap/colourScale.test.ts", "text keeps 4.5 to 1"]],
  52: [
    ["test/golden/heatmap.test.ts", "every token of every string of five tokenizers stands"],
    [host("heatmap"), "a BOM, tabs, emoji and CRLF"],
  ],
  53: [
    ["test/unit/run/gitStore.test.ts", "HEAD, index, status and files do not change"],
    [vscode("window"), "from the palette to a finished run"],
  ],
  54: [
    ["test/unit/run/gitStore.test.ts", "a detached HEAD, a linked work tree"],
    ["test/unit/run/gitStore.test.ts", "an unborn HEAD"],
    [vscode("explorer"), "a list kept in order"],
    [vscode("firstRun"), "own CSV file"],
  ],
  55: [
    [vscode("window"), "from the palette to a finished run"],
    ["test/unit/run/gitStore.test.ts", "HEAD, index, status and files do not change"],
  ],
  56: [
    [vscode("explorer"), "a list kept in order"],
    [vscode("heatmap"), "files restored and put back"],
    ["test/unit/run/gitHistory.test.ts", "what a push sends is listed before it"],
  ],
  57: [
    [unit("l10n"), "in a pseudo-language every text"],
    [unit("l10n"), "texts of package.json are all"],
    [unit("l10n"), "what is told of a run is shown in the window's language"],
    [unit("l10n"), "hovers, snippets and written notes"],
    [page("setup"), "in a longer language"],
  ],
  58: [
    [unit("network"), "no network and no telemetry"],
    [unit("network"), "is seen however it is written"],
    [vscode("vsix"), "no bundle reports anything"],
  ],
  59: [
    [vscode("vsix"), "holds what the extension runs on"],
    [vscode("vsix"), "bundles keep to their sizes"],
  ],
  60: [
    [vscode("vsix"), "every package whose code is shipped"],
    ["test/unit/audit/verdict.test.ts", "an audit without findings is clean"],
    [vscode("experimentEditing"), "packs without a warning"],
  ],
};

/** Returns the text of a test file and of the files beside it that it imports only to register their tests. */
function testSource(file: string): string {
  const own = read(file);
  const parts = [...own.matchAll(/^import "\.\/(\w+\.ts)";$/gm)].map(([, part]) => join(dirname(file), part!));
  return [own, ...parts.map(read)].join("\n");
}

/**
 * Whether a test file has a test whose title contains `title`. Comments and tables are not tests, and neither is a test
 * that is always skipped.
 */
const hasTest = (file: string, title: string): boolean =>
  [...testSource(file).matchAll(/^ *\w+\(\s*(["'`])(.*?)\1,\s*(?:async )?(?:\(|\{(?!\s*(?:skip: true|todo)))/gm)].some(
    ([, , name = ""]) => name.replaceAll("\\", "").includes(title),
  );

test("each of the sixty conventions has tests of the kinds that it wants, or a heading in docs/decisions/ui.md that says why not", () => {
  const decisions = read("docs/decisions/ui.md");
  for (let item = 1; item <= 60; item++) {
    const kept = KEPT[item] ?? [];
    const held = kept.map(([file]) => kindsOf(file)).join("");
    for (const [file, title] of kept) assert.ok(hasTest(file, title), `${item}: ${file} has no test "${title}"`);
    for (const kind of WANTED[item] ?? "")
      if (!held.includes(kind))
        assert.match(
          decisions,
          new RegExp(`^## Convention ${item}: `, "m"),
          `convention ${item} has no test of kind ${kind}`,
        );
  }
  assert.deepEqual(
    Object.keys(WANTED).map(Number),
    Array.from({ length: 60 }, (_, i) => i + 1),
  );
});

test("the look at the conventions' tests finds those that are there and no others", () => {
  const own = unit("checklist");
  assert.ok(hasTest(own, "finds those that are there and no others"));
  // In this table it stands, in this file it is no test.
  assert.ok(read(own).includes("the engine is stated") && !hasTest(own, "the engine is stated"));
  assert.deepEqual(
    [
      "test/webview/x.test.ts",
      "test/integration/x.test.ts",
      "test/integration/vsix.test.ts",
      "test/unit/a/x.test.ts",
      "test/process/x.test.ts",
      "test/bench/x.ts",
    ].map(kindsOf),
    ["B", "I", "S", "SU", "SU", ""],
  );
});

test("nothing is written to a console by what runs in a window", () => {
  const rule = read("eslint.config.js");
  assert.match(
    rule,
    /files: \["src\/ui\/\*\*\/\*\.ts", "src\/extension\.ts", "webview\/\*\*\/\*\.ts"\], rules: \{ "no-console": "error" \}/,
  );
  assert.match(read("src/extension.ts"), /createOutputChannel\("ADePT", \{ log: true \}\)/);
});
