import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../../.."), read = (path: string): string => readFileSync(join(root, path), "utf8");
const unit = (name: string) => `test/unit/ui/${name}.test.ts`, vscode = (name: string) => `test/integration/${name}.test.ts`, page = (name: string) => `test/webview/${name}.test.ts`, host = (name: string) => `test/process/${name}.test.ts`;
const CONVENTIONS = unit("conventions"), MANIFEST = unit("manifest");

/** Each convention of VS Code extensions that the project keeps, by number, and the tests (file, part of the title) that hold it. */
const KEPT: Record<number, [file: string, title: string][]> = {
  1: [[CONVENTIONS, "the engine is stated"]], 2: [[CONVENTIONS, "wakes for its own files"]], 3: [[vscode("window"), "the activation takes less than 50 ms"]], 4: [[CONVENTIONS, "where it runs"]], 5: [[CONVENTIONS, "where it runs"]], 6: [[CONVENTIONS, "where it runs"]],
  7: [[CONVENTIONS, "the marketplace gets"], [MANIFEST, "the icon is a PNG"]], 8: [[MANIFEST, "commands of package.json and of the code"]], 9: [[CONVENTIONS, "titles are in title case"]], 10: [[CONVENTIONS, "what needs a row of the list"]], 11: [[CONVENTIONS, "each `when` asks"], [MANIFEST, "menus and welcome texts ask only"]],
  12: [[CONVENTIONS, "what takes something away"]], 13: [[CONVENTIONS, "at most three inline"]], 14: [[CONVENTIONS, "keys are bound for the list alone"]],
  15: [[vscode("trouble"), "without a folder"], [vscode("trouble"), "not trusted nothing starts"], [vscode("conventions"), "without a repository"]], 16: [[CONVENTIONS, "one container with one view"]], 17: [[CONVENTIONS, "every empty list says why"]],
  18: [[vscode("conventions"), "rows, badge and status item"]], 19: [[vscode("conventions"), "rows, badge and status item"]], 20: [[host("explorer"), "repaints its row and nothing else"]], 21: [[vscode("explorer"), "a list kept in order"]], 22: [[vscode("explorer"), "a list kept in order"], [page("panel"), "progress and cancel"]],
  23: [[vscode("conventions"), "workspace of two folders"]], 24: [[vscode("window"), "from the palette to a finished run"], [vscode("window"), "stopped from the status bar"]], 25: [[host("explorer"), "at most four times a second"]], 26: [[vscode("conventions"), "one notification"]], 27: [[vscode("conventions"), "rows, badge and status item"]],
  28: [[unit("checklist"), "nothing is written to a console"]], 29: [[host("stop"), "one that heeds neither is killed"], [host("stop"), "asked by a signal once its grace is over"], [vscode("window"), "stopped from the status bar"]], 30: [[vscode("window"), "through a reload of the window"]],
  31: [[CONVENTIONS, "settings: ours by name"]], 32: [[vscode("experimentEditing"), "a setting that holds something else"]], 33: [[CONVENTIONS, "settings: ours by name"]], 34: [[CONVENTIONS, "one walkthrough of three to six steps"], [vscode("experimentEditing"), "the walkthrough's steps"]], 35: [[CONVENTIONS, "README, changelog, licence"]],
  36: [[vscode("experimentEditing"), "nothing opens by itself"]], 37: [[page("panel"), "nothing the policy refuses"], [page("setup"), "nothing refused by the policy"], [unit("page"), "the page's policy"]], 38: [[CONVENTIONS, "pages load from the package alone"]],
  39: [[CONVENTIONS, "not kept alive while hidden"], [vscode("trouble"), "a setup page comes back"], [vscode("explorer"), "analysed from its page"]], 40: [[unit("page"), "messages of the page are known or refused"]], 41: [[page("panel"), "nothing sticks out of the page"], [page("setup"), "nothing sticks out"]],
  42: [[page("panel"), "every tab, every button"], [vscode("window"), "the page in four themes"]], 43: [[page("panel"), "by keyboard"]], 44: [[page("panel"), "axe-core"], [page("setup"), "nothing serious for axe"]], 46: [[page("panel"), "a name with markup is text"], [page("setup"), "nothing refused by the policy"]],
  45: [[CONVENTIONS, "nothing on a page moves of itself"]],
  48: [[vscode("heatmap"), "off again"], [host("heatmap"), "after an edit no colour is stale"]], 49: [[host("heatmap"), "one type a colour and no more"]], 50: [[host("heatmap"), "never more than 2,000 ranges"]], 51: [["test/unit/heatmap/colours.test.ts", "text keeps 4.5 to 1"]],
  52: [["test/golden/heatmap.test.ts", "every token of every string stands where"], [host("heatmap"), "a BOM, tabs, emoji and CRLF"]], 53: [["test/unit/run/gitStore.test.ts", "HEAD, index, status and files are as before"], [vscode("window"), "from the palette to a finished run"]], 54: [["test/unit/run/gitStore.test.ts", "a detached HEAD, a linked work tree"], ["test/unit/run/gitStore.test.ts", "an unborn HEAD"], [vscode("explorer"), "a list kept in order"], [vscode("firstRun"), "own CSV file"]],
  55: [["test/unit/run/gitStore.test.ts", "HEAD, index, status and files are as before"]], 56: [[vscode("explorer"), "a list kept in order"], [vscode("heatmap"), "files restored and put back"], ["test/unit/run/gitHistory.test.ts", "what leaves is listed first"]],
  57: [[unit("l10n"), "in a pseudo-language every text"], [unit("l10n"), "texts of package.json are all"], [page("setup"), "in a longer language"]], 58: [[CONVENTIONS, "no network, no telemetry"], [vscode("vsix"), "no bundle reports anything"]], 59: [[vscode("vsix"), "holds what the extension runs on"], [vscode("vsix"), "bundles keep to their sizes"]],
  60: [[vscode("vsix"), "every package whose code is shipped"]],
};

test("each of the sixty conventions has its tests, or a line in docs/decisions.md that says why not", () => {
  const decisions = read("docs/decisions.md");
  for (let item = 1; item <= 60; item++) {
    const kept = KEPT[item];
    if (kept === undefined) assert.match(decisions, new RegExp(`convention ${item}\\b`, "i"), `convention ${item}`);
    for (const [file, title] of kept ?? []) assert.ok(read(file).includes(title), `${item}: ${file} has no test "${title}"`);
  }
});

test("nothing is written to a console by what runs in a window", () => {
  const rule = read("eslint.config.js");
  assert.match(rule, /files: \["src\/ui\/\*\*\/\*\.ts", "src\/extension\.ts", "webview\/\*\*\/\*\.ts"\], rules: \{ "no-console": "error" \}/);
  assert.match(read("src/extension.ts"), /createOutputChannel\("ADePT", \{ log: true \}\)/);
});
