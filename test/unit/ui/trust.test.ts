import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadParts } from "../../host/loadParts.ts";

/** Commands that reach git. */
const REACH = ["compareCode", "delete", "undoDelete", "reproduce", "restoreFiles", "branch", "push", "fetch"] as const;

test("without trust no command that reaches git looks at a run, and no document of a commit is read", async () => {
  const { annotateCommands, CodeDiff, Command, deleteCommands, filterCommands, historyCommands, viewCommands, vscode } =
    await loadParts();
  const reached: string[] = [];
  const never = (name: string): unknown =>
    new Proxy(
      {},
      {
        get: (_, key) => () => {
          reached.push(`${name}.${String(key)}`);
          return [];
        },
      },
    );
  const context = {
    model: { folders: never("folders"), refresh: () => undefined },
    pick: never("pick"),
    state: {
      get: () => {
        reached.push("state");
        return [];
      },
      update: () => Promise.resolve(),
    },
    explorer: {},
    panels: {},
    log: {},
    diff: never("diff"),
    folders: never("folders"),
  };
  vscode.workspace.isTrusted = false;
  try {
    const all = {
      ...viewCommands(context as never),
      ...annotateCommands(context as never),
      ...deleteCommands(context as never),
      ...filterCommands(context as never),
      ...historyCommands(context as never),
    };
    reached.length = 0;
    for (const name of REACH) {
      await all[Command[name]](undefined, undefined);
      assert.deepEqual(reached, [], name);
    }
    await assert.rejects(
      new CodeDiff().provideTextDocumentContent({
        query: JSON.stringify({ commit: "0".repeat(40), folder: import.meta.dirname, path: "trust.test.ts" }),
      } as never),
      /not trusted/,
    );
  } finally {
    vscode.workspace.isTrusted = true;
  }
});

test("in a folder that is not trusted runs are read, and nothing is written: no run is marked, no index kept", async () => {
  const { RunsModel, vscode } = await loadParts();
  const folder = mkdtempSync(join(tmpdir(), "adept-trust-"));
  const id = "20260101-000000-abcd";
  const run = join(folder, ".adept/runs", id);
  const journal = join(run, "events.jsonl");
  const events = [
    {
      type: "created",
      time: 1,
      version: 1,
      id: "another",
      name: "x",
      method: "pt",
      task: "mail",
      backbone: "b",
      seed: 0,
      steps: 1,
    },
    { type: "status", time: 1, status: "running" },
  ];
  const text = events.map((event) => `${JSON.stringify(event)}\n`).join("");
  mkdirSync(run, { recursive: true });
  writeFileSync(join(run, "experiment.json"), "{}");
  writeFileSync(journal, text);
  const folders = {
    all: () => [{ uri: vscode.Uri.file(folder), name: "w", index: 0 }],
    onDidChange: () => ({ dispose: () => undefined }),
  };
  const log = { info: () => undefined, error: () => undefined, warn: () => undefined };
  const model = new RunsModel(
    log as never,
    { get: () => undefined, update: () => Promise.resolve() } as never,
    folders as never,
  );
  try {
    vscode.workspace.isTrusted = false;
    model.adopt();
    assert.deepEqual(
      [model.runs().map((each) => [each.id, each.record.id, each.record.status]), readFileSync(journal, "utf8")],
      [[[id, id, "running"]], text],
      "under its folder's id, whatever its journal says",
    );
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.equal(existsSync(join(folder, ".adept/index.json")), false);
    vscode.workspace.isTrusted = true;
    model.adopt();
    assert.equal(model.find(id)?.record.status, "interrupted");
  } finally {
    vscode.workspace.isTrusted = true;
    model.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("menus offer them in trusted folders alone", () => {
  const { contributes } = JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8")) as {
    contributes: { menus: Record<string, { command: string; when?: string }[]> };
  };
  for (const name of REACH) {
    const shown = Object.values(contributes.menus)
      .flat()
      .filter(({ command }) => command === `adept.${name}`);
    assert.ok(
      shown.length > 0 &&
        (contributes.menus["commandPalette"] ?? []).some(({ command }) => command === `adept.${name}`),
      `${name} is somewhere, and the palette asks`,
    );
    for (const { when = "" } of shown) assert.match(when, /^false$|\bisWorkspaceTrusted\b/, name);
  }
});
