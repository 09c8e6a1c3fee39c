import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadParts } from "../../host/loadParts.ts";

/** Commands that reach git. */
const REACH = ["compareCode", "delete", "undoDelete", "reproduce", "restoreFiles", "branch", "push", "fetch"] as const;

test("without trust no command that reaches git looks at a run, and no document of a commit is read", async () => {
  const { CodeDiff, Command, historyCommands, organiseCommands, viewCommands, vscode } = await loadParts();
  const reached: string[] = [], never = (name: string): unknown => new Proxy({}, { get: (_, key) => () => { reached.push(`${name}.${String(key)}`); return []; } });
  const context = { model: { folders: never("folders"), refresh: () => undefined }, pick: never("pick"), state: { get: () => { reached.push("state"); return []; }, update: () => Promise.resolve() }, explorer: {}, panels: {}, log: {}, diff: never("diff"), folders: never("folders") };
  vscode.workspace.isTrusted = false;
  try {
    const all = { ...viewCommands(context as never), ...organiseCommands(context as never), ...historyCommands(context as never) };
    reached.length = 0;
    for (const name of REACH) {
      await all[Command[name]](undefined, undefined);
      assert.deepEqual(reached, [], name);
    }
    await assert.rejects(new CodeDiff().provideTextDocumentContent({ query: JSON.stringify({ commit: "0".repeat(40), folder: import.meta.dirname, path: "trust.test.ts" }) } as never), /not trusted/);
  } finally { vscode.workspace.isTrusted = true; }
});

test("menus offer them in trusted folders alone", () => {
  const { contributes } = JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8")) as { contributes: { menus: Record<string, { command: string; when?: string }[]> } };
  for (const name of REACH) {
    const shown = Object.values(contributes.menus).flat().filter(({ command }) => command === `adept.${name}`);
    assert.ok(shown.length > 0 && (contributes.menus["commandPalette"] ?? []).some(({ command }) => command === `adept.${name}`), `${name} is somewhere, and the palette asks`);
    for (const { when = "" } of shown) assert.match(when, /^false$|\bisWorkspaceTrusted\b/, name);
  }
});
