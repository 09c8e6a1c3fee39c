import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { Journal } from "../../src/run/journal/journal.ts";
import { loadParts } from "../host/loadParts.ts";
import { writeRun, writeRuns } from "../host/manyRuns.ts";
import { StubPanel } from "../host/stubPanel.ts";
import { removeWorkspace } from "./removeWorkspace.ts";

const logged: string[] = [];
const log = {
  error: (error: unknown): void => {
    if (typeof error !== "string") throw error;
    logged.push(error);
  },
  info: (): void => {
    /* not looked at */
  },
};
const memento = () => {
  const kept = new Map<string, unknown>();
  return {
    get: (key: string) => kept.get(key),
    update: (key: string, value: unknown) => {
      kept.set(key, value);
      return Promise.resolve();
    },
    keys: () => [...kept.keys()],
  };
};

async function open(t: TestContext): Promise<{
  runsDir: string;
  start: () => {
    model: InstanceType<Awaited<ReturnType<typeof loadParts>>["RunsModel"]>;
    explorer: InstanceType<Awaited<ReturnType<typeof loadParts>>["RunExplorer"]>;
    painted: unknown[];
  };
}> {
  const folder = mkdtempSync(join(tmpdir(), "adept-explorer-"));
  const { Folders, RunsModel, RunExplorer, vscode } = await loadParts();
  t.after(async () => {
    await removeWorkspace(folder);
  });
  vscode.workspace.workspaceFolders = [{ uri: { fsPath: folder, toString: () => folder }, name: "f", index: 0 }];
  return {
    runsDir: join(folder, ".adept/runs"),
    start: () => {
      const model = new RunsModel(log as never, memento() as never, new Folders(memento() as never));
      const explorer = new RunExplorer(model, memento() as never);
      const painted: unknown[] = [];
      t.after(() => {
        model.dispose();
        explorer.dispose();
      });
      explorer.onDidChangeTreeData((nodes) => {
        painted.push(nodes);
      });
      return { model, explorer, painted };
    },
  };
}

test("a step of one run repaints its row and nothing else; its end moves it in the tree", async (t) => {
  const { runsDir, start } = await open(t);
  writeRuns(runsDir, 30, 5);
  const live = writeRun(runsDir, "20260103-000000-aaaa", { steps: 3, finished: false });
  const { model, explorer, painted } = start();
  live.acquireLease(process.pid);
  model.adopt();
  // As VS Code does: every row is asked for its texts.
  for (const node of explorer.getChildren()) {
    explorer.getTreeItem(node);
    for (const child of explorer.getChildren(node)) explorer.getTreeItem(child);
  }
  painted.length = 0;
  const journal = new Journal(live.path);
  journal.append({
    type: "step",
    step: 4,
    loss: 0.1,
    learningRate: {},
    gradientNorm: {},
    updateRatio: {},
    tokensPerSecond: 9,
    secondsLeft: 3,
  });
  model.refresh();
  assert.equal(painted.length, 1);
  assert.deepEqual(
    (painted[0] as { id: string }[]).map(({ id }) => id),
    [live.id],
    "one row, and its object is the one that the tree has",
  );
  const rows = explorer.getChildren().flatMap((node) => [node, ...explorer.getChildren(node)]);
  assert.ok(rows.includes((painted[0] as typeof rows)[0]!), "the very node that the tree was given");
  model.refresh();
  assert.equal(painted.length, 1, "without news nothing is painted");
  journal.append({ type: "status", status: "finished" });
  journal.close();
  model.refresh();
  assert.deepEqual(painted.slice(1), [undefined], "the whole list, since places hang on the status");
});

test("a list that nobody has asked for since it changed is not repainted: that would take rows away under a click", async (t) => {
  const { runsDir, start } = await open(t);
  const { model, explorer, painted } = start();
  writeRuns(runsDir, 3, 1);
  model.adopt();
  assert.deepEqual(painted, [], "not asked for yet");
  explorer.getChildren();
  writeRun(runsDir, "20260104-000000-aaaa", { steps: 1, finished: true });
  model.refresh();
  writeRun(runsDir, "20260104-000000-bbbb", { steps: 1, finished: true });
  model.refresh();
  assert.deepEqual(painted, [undefined], "told once, until it is asked for");
  assert.equal(
    explorer.getChildren().flatMap((node) => (node.kind === "run" ? [node] : explorer.getChildren(node))).length,
    5,
  );
  writeRun(runsDir, "20260104-000000-cccc", { steps: 1, finished: true });
  model.refresh();
  assert.deepEqual(painted, [undefined, undefined]);
});

test("a click on a row finds its run, also while VS Code takes over a new list and knows no row; on a group it finds none", async (t) => {
  const { runsDir, start } = await open(t);
  const { model, explorer } = start();
  const { view } = explorer as unknown as { view: { selection: unknown[] } };
  writeRuns(runsDir, 2, 1);
  model.adopt();
  const [row] = explorer.getChildren();
  const clicked = explorer.clicked();
  assert.ok(row?.kind === "run");
  assert.equal(
    explorer.getTreeItem(row).command?.arguments,
    undefined,
    "arguments are forgotten with each repaint, and a click on the old row fails",
  );
  setTimeout(() => {
    view.selection = [row];
  }, 120);
  assert.equal(await clicked, row.id);
  view.selection = [{ kind: "group", key: "g", label: "g", ids: [row.id], children: [row] }];
  assert.equal(await explorer.clicked(), undefined);
});

test("a page that comes back after a reload is its run's: by what the page stored, else by its title, the run's name or its id", async (t) => {
  const { runsDir, start } = await open(t);
  const { Panels, vscode } = await loadParts();
  const { model } = start();
  const run = writeRun(runsDir, "20260101-000000-aaaa", { steps: 1, finished: true, name: "Mine" });
  const other = writeRun(runsDir, "20260102-000000-bbbb", { steps: 1, finished: true, name: "Other" });
  const panels = new Panels({
    extensionUri: vscode.Uri.file("/x"),
    model,
    log,
    workerPath: "",
    diff: {},
    errors: {},
  } as never);
  t.after(() => {
    panels.dispose();
  });
  for (const [title, state, shown] of [
    ["any", { id: run.id }, "Mine"],
    ["Mine", undefined, "Mine"],
    [other.id, undefined, "Other"],
    ["gone", undefined, undefined],
  ] as const) {
    const panel = new StubPanel(title);
    await panels.deserializeWebviewPanel(panel as never, state);
    panel.say({ type: "ready" });
    assert.equal(
      (panel.of("reset")[0]?.["view"] as { record: { name: string } } | undefined)?.record.name,
      shown,
      title,
    );
    assert.equal(panel.of("gone").length, shown === undefined ? 1 : 0);
    panel.dispose();
  }
});

test("a second window reads ended runs from the index, and sees what was said of one since", async (t) => {
  const { runsDir, start } = await open(t);
  writeRuns(runsDir, 12, 5);
  const first = start();
  first.model.adopt();
  await new Promise((done) => setTimeout(done, 2300));
  const id = first.model.runs()[0]!.id;
  const journal = new Journal(join(runsDir, id));
  journal.append({ type: "annotated", starred: true });
  journal.close();
  const second = start();
  second.model.adopt();
  const plain = (model: typeof first.model): unknown =>
    JSON.parse(JSON.stringify(model.runs().map(({ record }) => ({ ...record, starred: false }))));
  assert.deepEqual(plain(second.model), plain(first.model));
  assert.deepEqual(
    second.model
      .runs()
      .filter(({ record }) => record.starred)
      .map((run) => run.id),
    [id],
  );
});

test("a run whose worker is gone is marked as interrupted when the list is read", async (t) => {
  const { runsDir, start } = await open(t);
  const run = writeRun(runsDir, "20260101-000000-dead", { steps: 2, finished: false });
  writeFileSync(join(run.path, "lease"), JSON.stringify({ pid: 2 ** 22 - 1, started: "1" }));
  const { model } = start();
  model.adopt();
  assert.equal(model.find(run.id)!.record.status, "interrupted");
});

test("however fast a run tells, views are told at most four times a second, and miss nothing", async (t) => {
  const { runsDir, start } = await open(t);
  const live = writeRun(runsDir, "20260103-000000-bbbb", { steps: 1, finished: false });
  const { model } = start();
  const journal = new Journal(live.path);
  live.acquireLease(process.pid);
  model.adopt();
  let told = 0;
  model.onDidChange(() => {
    told++;
  });
  const from = Date.now();
  for (let step = 2; Date.now() - from < 2000; step++) {
    journal.append({
      type: "step",
      step,
      loss: 1,
      learningRate: {},
      gradientNorm: {},
      updateRatio: {},
      tokensPerSecond: 1,
      secondsLeft: 1,
    });
    await new Promise((done) => setTimeout(done, 10));
  }
  journal.append({
    type: "step",
    step: 9999,
    loss: 1,
    learningRate: {},
    gradientNorm: {},
    updateRatio: {},
    tokensPerSecond: 1,
    secondsLeft: 1,
  });
  journal.close();
  await new Promise((done) => setTimeout(done, 1200));
  assert.ok(told >= 2 && told <= 4 * 3.2, String(told));
  assert.equal(model.find(live.id)?.record.lastStep?.step, 9999);
});

test("a folder of a run that cannot be read has a row that says why, hides no other run, is logged once, and is a run again when it is read", async (t) => {
  const { runsDir, start } = await open(t);
  const good = writeRun(runsDir, "20260101-000000-good", { steps: 2, finished: true });
  const torn = writeRun(runsDir, "20260102-000000-torn", { steps: 2, finished: true });
  const bare = writeRun(runsDir, "20260103-000000-bare", { steps: 2, finished: true });
  const fresh = join(runsDir, "20260104-000000-made");
  const journal = readFileSync(torn.eventsPath);
  const experiment = readFileSync(join(bare.path, "experiment.json"));
  rmSync(torn.eventsPath);
  mkdirSync(torn.eventsPath);
  rmSync(join(bare.path, "experiment.json"));
  utimesSync(bare.path, new Date(2026, 0, 3), new Date(2026, 0, 3));
  mkdirSync(fresh);
  const { model, explorer, painted } = start();
  logged.length = 0;
  model.adopt();
  model.refresh();
  model.refresh();
  assert.deepEqual(
    model.runs().map(({ id }) => id),
    [good.id],
    "the others are there",
  );
  const rows = explorer.getChildren();
  const items = rows.map((row) => explorer.getTreeItem(row));
  assert.deepEqual(
    items
      .slice(0, 2)
      .map(({ label, contextValue }) => [label, contextValue])
      .sort(),
    [
      [torn.id, "unreadable"],
      [bare.id, "unreadable"],
    ].sort(),
    "one that is being made is waited for",
  );
  assert.equal(items.length, 3);
  assert.match(items.map(({ description }) => String(description)).join("\n"), /EISDIR[^]*ENOENT|ENOENT[^]*EISDIR/);
  assert.equal(logged.length, 2, logged.join("\n"));
  painted.length = 0;
  rmSync(torn.eventsPath, { recursive: true });
  writeFileSync(torn.eventsPath, journal);
  writeFileSync(join(bare.path, "experiment.json"), experiment);
  model.refresh();
  assert.deepEqual(
    model.runs().map(({ id }) => id),
    [bare.id, torn.id, good.id],
  );
  assert.ok(painted.includes(undefined) && explorer.getChildren().every((row) => row.kind !== "unreadable"));
});

test("a folder of runs that is none, and a journal that can no longer be read, are told in the list", async (t) => {
  const { runsDir, start } = await open(t);
  const run = writeRun(runsDir, "20260101-000000-good", { steps: 2, finished: true });
  const { model, explorer } = start();
  const kinds = (): string[] => explorer.getChildren().map(({ kind }) => kind);
  model.adopt();
  assert.deepEqual(kinds(), ["run"]);
  const journal = readFileSync(run.eventsPath);
  rmSync(run.eventsPath);
  mkdirSync(run.eventsPath);
  model.refresh();
  assert.deepEqual(kinds(), ["unreadable", "run"], "what is known of it stays");
  rmSync(run.eventsPath, { recursive: true });
  writeFileSync(run.eventsPath, journal);
  model.refresh();
  assert.deepEqual(kinds(), ["run"]);
  rmSync(runsDir, { recursive: true });
  writeFileSync(runsDir, "no folder");
  model.refresh();
  assert.deepEqual(kinds(), ["unreadable"]);
  assert.match(String(explorer.getTreeItem(explorer.getChildren()[0]!).description), /ENOTDIR/);
});
