import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Command, ContextKey, Setting, View } from "../../../src/ui/window/ids.ts";

const root = join(import.meta.dirname, "../../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
interface Item {
  command: string;
  when?: string;
  group?: string;
}
interface Manifest {
  engines: { vscode: string };
  devDependencies: Record<string, string>;
  activationEvents: string[];
  extensionKind: string[];
  categories: string[];
  keywords: string[];
  repository: { url: string };
  bugs: { url: string };
  license: string;
  icon: string;
  publisher: string;
  l10n: string;
  capabilities: {
    untrustedWorkspaces: { supported: string; description: string; restrictedConfigurations: string[] };
    virtualWorkspaces: { supported: boolean; description: string };
  };
  contributes: {
    commands: { command: string; title: string; category: string; icon?: string }[];
    menus: Record<string, Item[]>;
    views: Record<string, { id: string; name: string; icon: string }[]>;
    viewsContainers: { activitybar: { icon: string }[] };
    keybindings?: { key: string; mac?: string; when?: string }[];
    viewsWelcome: { when: string; contents: string }[];
    walkthroughs: {
      steps: { id: string; description: string; media: { svg: string; altText: string }; completionEvents: string[] }[];
    }[];
    configuration: {
      properties: Record<
        string,
        {
          type: string;
          default: unknown;
          scope: string;
          order: number;
          markdownDescription: string;
          enum?: string[];
          markdownEnumDescriptions?: string[];
        }
      >;
    };
  };
}
const manifest = JSON.parse(read("package.json")) as Manifest;
const nls = JSON.parse(read("package.nls.json")) as Record<string, string>;
const { contributes } = manifest;
const text = (key: string): string => nls[key.slice(1, -1)] ?? "";
const sources = readdirSync(join(root, "src/ui"), { recursive: true })
  .map(String)
  .filter((name) => name.endsWith(".ts"))
  .map((name) => read(`src/ui/${name}`))
  .join("\n");
const number = (version: string): number[] =>
  version
    .replace(/^[^\d]*/, "")
    .split(".")
    .map(Number);

test("the engine is stated, and its types are not newer", () => {
  const [engine, types] = [number(manifest.engines.vscode), number(manifest.devDependencies["@types/vscode"] ?? "")];
  assert.ok(types[0] === engine[0] && types[1]! <= engine[1]!);
});

test("the extension wakes for its own files, pages, views and commands alone", () => {
  for (const event of manifest.activationEvents)
    assert.match(event, /^(onFileSystem:adept-schema|onWebviewPanel:adept\.\w+)$/);
  assert.deepEqual(
    manifest.activationEvents
      .filter((event) => event.startsWith("onWebviewPanel"))
      .map((event) => event.split(":")[1])
      .sort(),
    [View.panel, View.setup].sort(),
  );
});

test("where it runs, what it does without trust, and why not without a disk", () => {
  assert.deepEqual(manifest.extensionKind, ["workspace"]);
  const { untrustedWorkspaces: untrusted, virtualWorkspaces: virtual } = manifest.capabilities;
  assert.equal(untrusted.supported, "limited");
  assert.notEqual(text(untrusted.description), "");
  assert.equal(virtual.supported, false);
  assert.notEqual(text(virtual.description), "");
  // Everything that names a path, or makes something run, is not taken from a folder that is not trusted.
  for (const [name, { type, scope }] of Object.entries(contributes.configuration.properties))
    if (type === "string" && /folder|path/i.test(name)) {
      assert.ok(untrusted.restrictedConfigurations.includes(name), name);
      assert.match(scope, /^machine/);
    }
});

test("the marketplace gets what it shows", () => {
  assert.ok(manifest.categories.includes("Machine Learning") && manifest.categories.includes("Visualization"));
  assert.ok(manifest.keywords.length > 3 && manifest.keywords.length <= 30);
  for (const url of [manifest.repository.url, manifest.bugs.url]) assert.match(url, /^https:\/\//);
  assert.equal(manifest.license, "MIT");
  assert.ok(manifest.publisher !== "" && existsSync(join(root, manifest.icon)));
});

test("titles are in title case, with no emoji and no category in them", () => {
  for (const { title, category, icon } of contributes.commands) {
    const shown = text(title);
    const small = /^(a|an|and|as|at|by|for|in|of|on|or|the|to|with|After|This|Another|Go|Out|Two)$/i;
    assert.equal(category, "ADePT");
    for (const word of shown
      .replace(/…$/, "")
      .split(" ")
      .filter((each) => !small.test(each)))
      assert.match(word, /^[A-Z]/, shown);
    assert.doesNotMatch(shown, /\p{Extended_Pictographic}/u);
    assert.match(icon ?? "", /^\$\([a-z-]+\)$/, shown);
  }
});

test("what needs a row of the list is not in the palette, or asks for the run itself", () => {
  const hidden = new Set(
    (contributes.menus["commandPalette"] ?? []).filter(({ when }) => when === "false").map(({ command }) => command),
  );
  for (const id of [
    Command.star,
    Command.unstar,
    Command.rename,
    Command.note,
    Command.tag,
    Command.delete,
    Command.archive,
    Command.unarchive,
    Command.openRunFolder,
    Command.copyRunId,
    Command.compareCode,
    Command.trainNext,
    Command.trainLast,
  ])
    assert.ok(hidden.has(id), id);
});

test("each `when` asks what VS Code documents or what the code tells", () => {
  const documented = new Set([
    "view",
    "viewItem",
    "listMultiSelection",
    "listDoubleSelection",
    "isWorkspaceTrusted",
    "workspaceFolderCount",
    "resourceFilename",
    "resourceScheme",
    "resourceExtname",
    "editorTextFocus",
    "editorHasSelection",
    "focusedView",
    "listFocus",
    "inputFocus",
    "false",
  ]);
  const all = [
    ...Object.values(contributes.menus).flat(),
    ...contributes.viewsWelcome,
    ...(contributes.keybindings ?? []),
  ].map(({ when }) => when ?? "");
  for (const when of all) {
    const keys =
      when
        .replace(/=~ \/(?:\\.|[^/\\])*\//g, "")
        .replace(/(==|!=|>|<|>=|<=) *[\w.-]+/g, "")
        .match(/[\w.]+/g) ?? [];
    for (const key of keys)
      assert.ok(documented.has(key) || Object.values<string>(ContextKey).includes(key), `${key} in ${when}`);
  }
  for (const key of Object.keys(ContextKey)) assert.match(sources, new RegExp(`ContextKey\\.${key}\\b`), key);
});

test("what takes something away stands in a group of its own, never inline", () => {
  const items = contributes.menus["view/item/context"] ?? [];
  for (const id of [Command.delete, Command.restoreFiles]) {
    const own = items.filter(({ command }) => command === id);
    const group = own[0]?.group?.split("@")[0];
    assert.equal(own.length, 1);
    assert.deepEqual(
      items.filter((item) => item.group?.split("@")[0] === group).map(({ command }) => command),
      [id],
    );
    assert.notEqual(group, "inline");
  }
});

test("at most three inline actions at a row, each with an icon", () => {
  const inline = (contributes.menus["view/item/context"] ?? []).filter(({ group }) => group?.startsWith("inline"));
  assert.ok(new Set(inline.map(({ group }) => group)).size <= 3);
  for (const { command } of inline) assert.ok(contributes.commands.find((each) => each.command === command)?.icon);
});

test("keys are bound for the list alone", () => {
  for (const { when, key } of contributes.keybindings ?? [])
    assert.match(when ?? "", /focusedView == adept\.runs/, key);
});

test("one container with one view, its icon of one colour and 24 by 24", () => {
  const { activitybar } = contributes.viewsContainers;
  const views = Object.values(contributes.views).flat();
  const icon = read(activitybar[0]!.icon);
  assert.equal(activitybar.length, 1);
  assert.ok(
    views.length >= 1 &&
      views.length <= 2 &&
      views.every(({ icon: own, name }) => own !== "" && text(name).split(" ").length <= 2),
  );
  assert.match(icon, /viewBox="0 0 24 24"/);
  assert.doesNotMatch(icon, /#(?!000|fff)[0-9a-f]{3,6}|rgb\(/i);
});

test("every empty list says why and what to do: no folder, no trust, no repository, no runs, nothing that fits", () => {
  const whens = contributes.viewsWelcome.map(({ when }) => when).join("\n");
  for (const key of ["workspaceFolderCount == 0", "!isWorkspaceTrusted", "adept.noRepository", "adept.filtered"])
    assert.ok(whens.includes(key), key);
  for (const { contents } of contributes.viewsWelcome) assert.equal(text(contents).match(/\]\(command:/g)?.length, 1);
});

test("settings: ours by name, typed, described, ordered, at most fifteen, and each is read", () => {
  const settings = Object.entries(contributes.configuration.properties);
  const orders = settings.map(([, { order }]) => order);
  assert.ok(settings.length <= 15);
  assert.equal(new Set(orders).size, settings.length);
  for (const [
    name,
    { type, default: otherwise, scope, markdownDescription, enum: values, markdownEnumDescriptions },
  ] of settings) {
    assert.match(name, /^adept\./);
    assert.ok(type !== undefined && otherwise !== undefined && scope !== undefined, name);
    assert.notEqual(text(markdownDescription), "", name);
    assert.equal(markdownEnumDescriptions?.length, values?.length, name);
    assert.doesNotMatch(name, /ask|again|prompt/i);
  }
  for (const key of Object.keys(Setting)) assert.match(sources, new RegExp(`Setting\\.${key}\\b`), key);
});

test("one walkthrough of three to six steps, each with a picture that is described and themed, and with an end", () => {
  assert.equal(contributes.walkthroughs.length, 1);
  const { steps } = contributes.walkthroughs[0]!;
  assert.ok(steps.length >= 3 && steps.length <= 6);
  for (const { media, completionEvents, description } of steps) {
    assert.notEqual(text(media.altText), "");
    assert.match(read(media.svg), /var\(--vscode-/);
    assert.ok(completionEvents.length > 0);
    for (const event of completionEvents)
      assert.ok(Object.values<string>(Command).includes(event.replace("onCommand:", "")), event);
    for (const [, id] of text(description).matchAll(/\(command:([\w.]+)\)/g))
      assert.ok(Object.values<string>(Command).includes(id ?? ""), id);
  }
});

test("README, changelog, licence and support say what a user looks for", () => {
  const readme = read("README.md");
  for (const part of [/!\[[^\]]+\]\(/, /npm ci && npm run demo/, /settings/i, /privacy/i, /limits/i, /command/i])
    assert.match(readme, part);
  for (const key of Object.values(Setting)) assert.ok(readme.includes(`\`${key}\``), `README does not tell of ${key}`);
  assert.match(read("CHANGELOG.md"), /Keep a Changelog/);
  assert.match(read("CHANGELOG.md"), /## \[\d+\.\d+\.\d+\]|## \[Unreleased\]/);
  assert.match(read("LICENSE"), /MIT License/);
  assert.ok(read("SUPPORT.md").length > 100);
});

test("pages load from the package alone and are not kept alive while hidden", () => {
  assert.doesNotMatch(sources, /retainContextWhenHidden/);
  for (const [, roots] of sources.matchAll(/localResourceRoots: \[([^\]]*)\]/g))
    assert.doesNotMatch(roots ?? "", /workspace|storage/i);
  assert.equal(sources.match(/localResourceRoots/g)?.length, sources.match(/webview\.html = /g)?.length);
});

test("nothing on a page moves of itself: no animated chart, no transition", () => {
  const pages = readdirSync(join(root, "webview"), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => read(`webview/${name}`))
    .join("\n");
  assert.equal(pages.match(/new Chart[<(]/g)?.length, pages.match(/animation: false/g)?.length);
  const sheets = ["main", "header", "heatmap"].map((name) => read(`webview/${name}.css`)).join("\n");
  assert.doesNotMatch(sheets.replace("transition-duration: 0.01ms", ""), /transition|animation|@keyframes/);
  assert.doesNotMatch(pages, /requestAnimationFrame\(|\.animate\(|scrollIntoView\(\{[^}]*smooth/);
});
