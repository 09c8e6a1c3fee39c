import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import type { CheckAnswer } from "../../../src/protocol/setupQuestions.ts";
import type { ExperimentChecks } from "../../../src/ui/editing/experimentChecks.ts";
import type * as Parts from "../../host/hostParts.ts";
import { loadParts } from "../../host/loadParts.ts";

let parts: typeof Parts;
let checks: ExperimentChecks;
const asked: string[] = [];
const answers: ((answer: CheckAnswer) => void)[] = [];
const rest = (milliseconds = 400): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));
const nothingWrong = (...places: string[]): CheckAnswer => ({ problems: [], places });
class Opened {
  isClosed = false;
  version = 1;
  text = "{}";
  isDirty = false;
  readonly uri: Parts.vscode.Uri;
  constructor(readonly fileName: string) {
    this.uri = parts.vscode.Uri.file(fileName);
  }
  getText(): string {
    return this.text;
  }
  positionAt(offset: number): object {
    return new parts.vscode.Position(0, offset);
  }
  save(): Promise<boolean> {
    return Promise.resolve(true);
  }
  type(text: string): void {
    this.text = text;
    this.version++;
    parts.vscode.events.changed.fire({ document: this, contentChanges: [] });
  }
}

before(async () => {
  parts = await loadParts();
});
beforeEach(async () => {
  checks?.dispose();
  asked.length = answers.length = 0;
  parts.vscode.workspace.textDocuments = [];
  checks = new parts.ExperimentChecks(
    {
      get: () => ({
        check: ({ path, text }: { path: string; text: string }) => {
          asked.push(`${path}: ${text}`);
          return new Promise<CheckAnswer>((done) => {
            answers.push(done);
          });
        },
      }),
    } as never,
    { warn: () => undefined } as never,
  );
  await rest(10);
});
const open = (fileName: string): Opened => {
  const document = new Opened(fileName);
  parts.vscode.workspace.textDocuments.push(document);
  parts.vscode.events.opened.fire(document);
  return document;
};

test("a document is checked once at a time, and of several waiting checks only the newest runs", async () => {
  const document = open("/w/a.adept.json");
  await rest(30);
  assert.deepEqual(asked, ["/w/a.adept.json: {}"]);
  for (const text of ["1", "2", "3"]) {
    document.type(text);
    await rest();
  }
  assert.equal(asked.length, 1, "the first is not answered yet");
  answers[0]!(nothingWrong());
  await rest(30);
  assert.deepEqual(asked.slice(1), ["/w/a.adept.json: 3"]);
  answers[1]!(nothingWrong());
  await rest(30);
  assert.deepEqual(checks.of(document as never)?.problems, []);
  document.type("x".repeat(2_000_001));
  await rest();
  assert.equal(asked.length, 2, "what is too long is not asked about");
});

test("a changed file makes only those experiments checked again that name it, whoever changes it", async () => {
  const { events, watchers, Uri } = parts.vscode;
  const first = open("/w/a.adept.json");
  const second = open("/w/b.adept.json");
  open("/w/notes.txt");
  await rest(30);
  answers[0]!(nothingWrong("/w/data.jsonl", "/w/folder"));
  answers[1]!(nothingWrong("/w/[odd].csv"));
  await rest(30);
  asked.length = answers.length = 0;
  const again = async (change: () => void): Promise<string[]> => {
    asked.length = 0;
    change();
    await rest();
    answers.splice(0).forEach((answer, i) => {
      answer(nothingWrong(...(asked[i]!.startsWith("/w/a.") ? ["/w/data.jsonl", "/w/folder"] : ["/w/[odd].csv"])));
    });
    await rest(30);
    return asked.map((each) => each[3]!);
  };
  const saved = (path: string) => (): void => {
    events.saved.fire({ uri: Uri.file(path) });
  };
  assert.deepEqual(await again(saved("/w/notes.txt")), []);
  assert.deepEqual(await again(saved("/w/data.jsonl")), ["a"]);
  const created = (): void => {
    events.created.fire({ files: [Uri.file("/w/folder/train.jsonl")] });
  };
  assert.deepEqual(await again(created), ["a"]);
  const renamed = (): void => {
    events.renamed.fire({ files: [{ oldUri: Uri.file("/w/x.csv"), newUri: Uri.file("/w/[odd].csv") }] });
  };
  assert.deepEqual(await again(renamed), ["b"]);
  const deleted = (): void => {
    events.deleted.fire({ files: [Uri.file("/w")] });
  };
  assert.deepEqual(await again(deleted), ["a", "b"], "a folder above them");
  // VS Code fires no event of its own if another program creates or deletes a named file: a watcher does.
  const watched = [...watchers]
    .map(({ pattern }) => pattern as { base: { path: string }; pattern: string })
    .map(({ base, pattern }) => `${base.path}/${pattern}`);
  assert.deepEqual(watched.sort(), ["/w/[[]odd[]].csv", "/w/data.jsonl", "/w/folder"]);
  assert.deepEqual(
    await again(() => {
      [...watchers].find(({ pattern }) => (pattern as { pattern: string }).pattern === "data.jsonl")!.changed();
    }),
    ["a"],
  );
  for (const document of [first, second]) {
    document.isClosed = true;
    events.closed.fire(document);
  }
  assert.equal(watchers.size, 0);
});
