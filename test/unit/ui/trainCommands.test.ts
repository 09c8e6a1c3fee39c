import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import type * as Parts from "../../host/hostParts.ts";
import { loadParts } from "../../host/loadParts.ts";

let parts: typeof Parts;
let folder: string;
let file: string;
let tokens: InstanceType<ReturnType<typeof Parts.host>["TokenWorker"]>;
/** The bundle beside which the token worker's is. */
const WORKER = join(import.meta.dirname, "../../../dist/worker.js");
const tokenWorker = (workerPath: string) =>
  new (parts.host().TokenWorker)({
    workerPath,
    nodePath: process.execPath,
    onLog: () => {
      /* not looked at */
    },
  });
before(async () => {
  parts = await loadParts();
  tokens = tokenWorker(WORKER);
});
after(() => {
  tokens.dispose();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "adept-train-"));
  file = join(folder, "mail.adept.json");
  writeFileSync(file, written("as saved"));
  // A worker that ends at once: what is looked at is what it was given.
  writeFileSync(join(folder, "worker.cjs"), "");
});
afterEach(() => {
  parts.vscode.workspace.textDocuments = [];
  rmSync(folder, { recursive: true, force: true });
});
const written = (name: string): string =>
  JSON.stringify({ name, git: false, task: { kind: "mail" }, method: { kind: "adept" } });
const trained = (): string[] => {
  const runs = join(folder, ".adept/runs");
  return existsSync(runs)
    ? readdirSync(runs).map(
        (id) => (JSON.parse(readFileSync(join(runs, id, "experiment.json"), "utf8")) as { name: string }).name,
      )
    : [];
};

function train(): Promise<unknown> {
  const nothing = (): void => {
    /* not looked at */
  };
  const place = { uri: parts.vscode.Uri.file(folder), name: "f", index: 0 };
  const handlers = parts.trainCommands({
    model: { markStartedHere: nothing, refresh: nothing, find: () => undefined },
    panels: {},
    folders: { of: () => place },
    log: { info: nothing, warn: nothing },
    workerPath: join(folder, "worker.cjs"),
    tokens: { get: () => tokens },
  } as unknown as Parameters<typeof parts.trainCommands>[0]);
  return Promise.resolve(handlers["adept.train"](parts.vscode.Uri.file(file), undefined));
}
/** The file in an editor, edited since it was saved. */
const edited = (saves: boolean): void => {
  parts.vscode.workspace.textDocuments = [
    {
      uri: parts.vscode.Uri.file(file),
      isDirty: true,
      save: () => {
        if (saves) writeFileSync(file, written("as edited"));
        return Promise.resolve(saves);
      },
    },
  ];
};

test("a file that is named (by the lens above it, its title, the explorer) is saved before it is trained", async () => {
  edited(true);
  await train();
  assert.deepEqual(trained(), ["as edited"]);
});

test("an experiment that cannot be saved is not trained", async () => {
  edited(false);
  await assert.rejects(train(), /could not be saved/);
  assert.deepEqual(trained(), []);
});

test("an experiment that is not open is trained as it is on disk", async () => {
  await train();
  assert.deepEqual(trained(), ["as saved"]);
});

test("a sweep of which runs would fail queues nothing, and every problem is said at once", async () => {
  writeFileSync(join(folder, "a.csv"), "text,label\ngood one,yes\nbad one,no\n");
  const sweep = {
    name: "s",
    git: false,
    task: { kind: "file", train: "a.csv", source: "{text}", target: "{label}" },
    sweep: {
      methods: [{ kind: "pt" }, { kind: "lora", targets: ["q", "zz"] }],
      vary: { "task.source": ["{text}", "{txt}"] },
    },
  };
  writeFileSync(file, JSON.stringify(sweep, undefined, 2));
  await assert.rejects(train(), (error: Error) => {
    assert.match(error.message, /mail\.adept\.json:\d+: The data has no field "txt"; it has: text, label/);
    assert.match(error.message, /mail\.adept\.json:\d+: This backbone has no linear layer "zz"/);
    return true;
  });
  assert.deepEqual(trained(), []);
});

test("if the checking process does not live, the experiment is trained, and its runs say what is wrong", async () => {
  const own = tokens;
  tokens = tokenWorker(join(folder, "worker.cjs"));
  try {
    await train();
  } finally {
    tokens.dispose();
    tokens = own;
  }
  assert.deepEqual(trained(), ["as saved"]);
});
