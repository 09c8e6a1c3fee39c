import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ExperimentFile } from "../../../src/experiment/experiment.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { loadTask } from "../../../src/task/loadTask.ts";
import { corruptSpans } from "../../../src/task/textTask.ts";

const words = (n: number, of = "w"): string[] => Array.from({ length: n }, (_, i) => `${of}${i}`);
/** Source and target put together again. */
function restored(source: string, target: string): string {
  const spans = target
    .split(/<extra_id_\d+>/)
    .slice(1)
    .map((span) => span.trim());
  return source.replace(/<extra_id_(\d+)>/g, (_, i: string) => spans[Number(i)]!);
}
function folderOf(t: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "adept-text-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}
const load = (folder: string, more: object = {}): ReturnType<typeof loadTask> =>
  loadTask(ExperimentFile.shape.task.parse({ kind: "text", folder, ...more }));

test("spans hide the requested share of words, with the requested mean length, and no word is lost", () => {
  const random = new MersenneTwister(1);
  let hidden = 0;
  let spans = 0;
  for (let i = 0; i < 300; i++) {
    const text = words(60, `t${i}_`);
    const { source, target, answers } = corruptSpans(text, { corruption: 0.15, spanWords: 3 }, random);
    assert.equal(restored(source, target), text.join(" "));
    assert.equal(target.replace(/<extra_id_\d+> ?/g, "").trim(), answers![0]);
    assert.ok(!source.startsWith("<extra_id_"));
    hidden += answers![0]!.split(" ").length;
    spans += source.match(/<extra_id_/g)!.length;
  }
  assert.deepEqual([hidden / 300, spans / 300], [9, 3]);
  const short = corruptSpans(["a", "b"], { corruption: 0.9, spanWords: 1 }, random);
  assert.deepEqual(short, { source: "a <extra_id_0>", target: "<extra_id_0> b", answers: ["b"] });
});

test("whole files are held out; the same seed gives the same examples, and a new file does not change those of others", async (t) => {
  const book = (name: string): string =>
    Array.from({ length: 30 }, (_, i) => words(20 + i, `${name}${i}_`).join(" ")).join("\n\n");
  const files = Object.fromEntries(["a", "b", "c", "d", "e"].map((name) => [`${name}.txt`, book(name)]));
  const folder = folderOf(t, files);
  const first = await load(folder, { perFile: 10, words: 24 });
  assert.deepEqual(await load(folder, { perFile: 10, words: 24 }), first);
  assert.notDeepEqual((await load(folder, { perFile: 10, words: 24, split: { seed: 1 } })).train, first.train);
  const bookOf = ({ source }: { source: string }): string => source[0]!;
  const splits = [first.train, first.validation, first.test].map((examples) => new Set(examples.map(bookOf)));
  assert.deepEqual(
    splits.map(({ size }) => size),
    [3, 1, 1],
  );
  assert.equal(new Set(splits.flatMap((each) => [...each])).size, 5);
  assert.ok(first.train.length === 30 && first.train.every(({ source }) => source.split(" ").length <= 24));
  assert.deepEqual(first.metrics, ["answerF1"]);
  const more = await load(folderOf(t, { ...files, "z.txt": book("z") }), { perFile: 10, words: 24 });
  const before = new Set([...first.train, ...first.validation, ...first.test].map(({ source }) => source));
  assert.equal([...more.train, ...more.validation, ...more.test].filter(({ source }) => before.has(source)).length, 50);
});

test("a folder with too few texts, and a text in another encoding, are refused by name", async (t) => {
  await assert.rejects(load(folderOf(t, { "a.txt": "x" })), /has 1 \.txt files/);
  const folder = folderOf(t, { "a.txt": "x", "b.txt": "y", "c.txt": "z" });
  await assert.rejects(load(folder), /no training examples/);
  writeFileSync(join(folder, "b.txt"), Buffer.from([0x61, 0x0a, 0xff, 0x0a]));
  await assert.rejects(load(folder), /b\.txt:2: the line is not UTF-8/);
});
