import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { permutation } from "../../../src/base/random.ts";
import { loadTask } from "../../../src/task/loadTask.ts";
import { score } from "../../../src/task/metric/metrics.ts";
import { sourceOf, type ExampleSource } from "../../../src/task/exampleSource.ts";
import { majorityShare } from "../../../src/task/metric/majorityShare.ts";
import { readRows } from "../../../src/task/rows/readRows.ts";
import { compileTemplate } from "../../../src/task/template.ts";

async function withFile(
  name: string,
  content: string | Uint8Array,
  work: (path: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "adept-task-"));
  try {
    writeFileSync(join(folder, name), content);
    await work(join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("permutation is torch.randperm", () => {
  assert.deepEqual([...permutation(10, 42)], [2, 6, 1, 8, 4, 5, 0, 9, 3, 7]);
  assert.deepEqual([...permutation(10, 0)], [4, 1, 7, 5, 3, 9, 0, 8, 6, 2]);
  assert.deepEqual([...permutation(5, 42)], [2, 4, 3, 0, 1]);
});

test("JSONL, CSV and TSV give the same rows, with a byte-order mark and CRLF too", async () => {
  const expected = [
    { text: 'a, "b"', label: "1" },
    { text: "c", label: "0" },
  ];
  const fields = async (path: string): Promise<unknown[]> => (await readRows(path)).map((r) => ({ ...r.fields }));
  await withFile(
    "d.jsonl",
    "\uFEFF" +
      JSON.stringify({ text: 'a, "b"', label: 1 }) +
      "\r\n\r\n" +
      JSON.stringify({ text: "c", label: 0 }) +
      "\r\n",
    async (p) => {
      assert.deepEqual(await fields(p), expected);
      assert.deepEqual(
        (await readRows(p)).map((r) => r.line),
        [1, 3],
      );
    },
  );
  await withFile("d.csv", '\uFEFFtext,label\r\n"a, ""b""",1\r\nc,0\r\n', async (p) => {
    assert.deepEqual(await fields(p), expected);
  });
  await withFile("d.tsv", 'text\tlabel\na, "b"\t1\nc\t0\n', async (p) => {
    assert.deepEqual(await fields(p), expected);
  });
});

test("errors of bad rows name file and line", async () => {
  await withFile("d.jsonl", '{"a":1}\n[2]\n', async (p) => {
    await assert.rejects(readRows(p), /d\.jsonl:2/);
  });
  await withFile("d.csv", "a,b\n1,2\n1,2,3\n", async (p) => {
    await assert.rejects(readRows(p), /d\.csv:3: 3 columns, not the 2 of the header: a, b/);
  });
  await withFile("d.jsonl", "\n", async (p) => {
    await assert.rejects(readRows(p), /no rows/);
  });
});

test("a template fills fields, keeps doubled braces and names a missing field with its line", () => {
  const use = { name: "task.source", file: "d.jsonl", columns: ["a", "b"] };
  const fill = compileTemplate("{{x}} {a}: { b }", use);
  assert.equal(fill({ fields: { a: "1", b: "2" }, lists: {}, line: 1 }), "{x} 1: 2");
  assert.throws(() => fill({ fields: { a: "1" }, lists: {}, line: 7 }), /d\.jsonl:7.*"b".*it has: a/);
  assert.throws(() => compileTemplate("{a", use), /brace/);
});

test("the mail task is 6,046 real mails, split the same way every time, without headers or markup", async () => {
  const spec = { kind: "mail", maxBodyCharacters: 600, split: { validation: 0.1, test: 0.1, seed: 42 } } as const;
  const { train, validation, test: held, labels } = await loadTask(spec);
  assert.equal(train.length + validation.length + held.length, 6046);
  assert.deepEqual(labels, ["ham", "spam"]);
  const all = [...train, ...validation, ...held];
  const spam = all.filter((e) => e.target === "spam").length / all.length;
  assert.ok(spam > 0.3 && spam < 0.33, `${spam}`);
  assert.ok(all.every((e) => e.source.startsWith("subject: ")));
  assert.ok(all.filter((e) => e.source.includes("Return-Path:")).length < 10);
  // A few mails talk about HTML; none may be a page of it.
  assert.equal(all.filter((e) => /body: <(html|head|body|table|!doctype)\b/i.test(e.source)).length, 0);
  assert.deepEqual((await loadTask(spec)).test, held);
});

test("accuracy ignores surrounding spaces; the majority class is that of the training split", async () => {
  assert.equal(
    score(
      ["accuracy"],
      [" ham", "spam", "x", "ham"].map((prediction, i) => ({ prediction, target: ["ham", "ham", "x", "ham "][i]! })),
      [],
    )["accuracy"],
    0.75,
  );
  const of = (targets: string[]): ExampleSource => sourceOf(targets.map((target) => ({ source: "", target })));
  const asIs = (text: string): Promise<string> => Promise.resolve(text);
  assert.equal(await majorityShare(of(["a", "b", "b"]), of(["a", "a", "b"]), asIs), 1 / 3);
  const firstOfEqual = await majorityShare(of(["a", "b", "b"]), of(["b", "a"]), asIs);
  assert.equal(firstOfEqual, 2 / 3);
  const many = { ...of(["b", "a", "a"]), counted: () => undefined };
  assert.equal(await majorityShare(many, many, asIs), 2 / 3, "where there are too many to be counted");
});
