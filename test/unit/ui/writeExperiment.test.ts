import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, before, beforeEach, test } from "node:test";
import { UserError } from "../../../src/base/errors.ts";
import type { ExperimentDraft } from "../../../src/experiment/draftSchema.ts";
import { readExperiment } from "../../../src/experiment/readExperiment.ts";
import type * as Parts from "../../host/hostParts.ts";
import { loadParts } from "../../host/loadParts.ts";

let parts: typeof Parts;
let root: string;
let used: string[];
const draft = (train: string): ExperimentDraft => ({
  name: "reviews",
  task: { kind: "file", train, source: "{a}", target: "{b}" },
  backbone: "tiny-t5",
  budget: 12_800,
  steps: 60,
  maxSourceLength: 32,
});
before(async () => {
  parts = await loadParts();
});
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "adept-write-"));
  used = [];
  mkdirSync(join(root, "data"));
  writeFileSync(join(root, "data/d.csv"), "a,b\n1,2\n");
});
const original = { write: undefined as unknown };
afterEach(() => {
  if (original.write !== undefined)
    parts.vscode.workspace.fs.writeFile = original.write as typeof parts.vscode.workspace.fs.writeFile;
  parts.vscode.workspace.workspaceFolders = [];
  rmSync(root, { recursive: true, force: true });
});

const write = (own: ExperimentDraft): Promise<{ fsPath: string } | undefined> =>
  parts.writeExperiment(own, undefined, {
    storage: parts.vscode.Uri.file(join(root, "storage")),
    folders: {
      of: () => undefined,
      use: ({ fsPath }: { fsPath: string }) => {
        used.push(fsPath);
        return Promise.resolve();
      },
    },
  } as unknown as Parameters<typeof parts.writeExperiment>[2]);
/** Folders that nothing can be written to, also by root. */
function closed(...folders: string[]): void {
  const { fs } = parts.vscode.workspace;
  const own = (original.write ??= fs.writeFile) as typeof fs.writeFile;
  fs.writeFile = (uri, bytes) =>
    folders.some((folder) => uri.path.startsWith(folder))
      ? Promise.reject(new Error("EROFS: read-only file system"))
      : own(uri, bytes);
}

test("without a workspace the experiment stands beside its data, and that is where runs are kept", async () => {
  assert.equal((await write(draft(join(root, "data/d.csv"))))?.fsPath, join(root, "data/reviews.adept.json"));
  assert.deepEqual(used, [join(root, "data")]);
  assert.match(readFileSync(join(root, "data/reviews.adept.json"), "utf8"), /"train": "d\.csv"/);
});

test("where the data lie in a folder that cannot be written, the extension's own keeps experiment and runs, and says so", async () => {
  closed(join(root, "data"));
  parts.vscode.told.length = 0;
  const uri = await write(draft(join(root, "data/d.csv")));
  const { task } = readExperiment(uri!.fsPath);
  assert.equal(uri?.fsPath, join(root, "storage/experiments/reviews.adept.json"));
  assert.equal(task.kind === "file" && task.train, join(root, "data/d.csv"), "its data are where they were");
  assert.deepEqual(used, [join(root, "storage/experiments")], "not the folder that cannot be used");
  assert.match(
    parts.vscode.told.at(-1) ?? "",
    new RegExp(`${join(root, "data")}.*${join(root, "storage/experiments")}`),
  );
  closed(root);
  await assert.rejects(
    write(draft(join(root, "data/d.csv"))),
    (error) => error instanceof UserError && /could not be written/.test(error.message),
  );
});

test("in a workspace nothing is written elsewhere than in it", async () => {
  parts.vscode.workspace.workspaceFolders = [
    { uri: parts.vscode.Uri.file(join(root, "work")), name: "work", index: 0 },
  ];
  closed(join(root, "work"));
  await assert.rejects(write(draft(join(root, "data/d.csv"))), /could not be written/);
  assert.equal(existsSync(join(root, "storage")), false);
});
