import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { guessColumnRoles, templatesOf } from "../../../src/task/rows/guessColumnRoles.ts";
import type { Row } from "../../../src/task/rows/row.ts";
import { english } from "../../../src/base/phrase.ts";
import { inspect, sizesWithin } from "../../../src/worker/tokens/inspect.ts";
import { tinyGguf } from "../backbone/tinyGguf.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-inspect-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const rows = (make: (i: number) => Record<string, string>, count = 40): Row[] =>
  Array.from({ length: count }, (_, i) => ({ fields: make(i), lists: {}, line: i + 2 }));
const roles = (made: Row[]): string =>
  guessColumnRoles(made)
    .map(({ name, role }) => `${name} ${role}`)
    .join(", ");
const LENGTHS = { id: 1, type: "inspect" as const, backbone: "tiny-t5", maxSourceLength: 16, maxTargetLength: 4 };

test("the roles of columns are guessed from their names and values", () => {
  const words = ["a rather long review of a film", "another text that is not short", "the third of them is here"];
  assert.equal(
    roles(
      rows((i) => ({
        id: String(i),
        text: `${words[i % 3]} ${i}`,
        stars: String(i % 5),
        label: i % 2 ? "good" : "bad",
      })),
    ),
    "id other, text input, stars other, label output",
  );
  assert.equal(
    roles(
      rows((i) => ({
        premise: `${words[i % 3]} ${i}`,
        hypothesis: `${words[(i + 1) % 3]} ${i}`,
        gold_label: ["entailment", "neutral"][i % 2]!,
      })),
    ),
    "premise input, hypothesis input, gold_label output",
  );
  assert.equal(
    roles(rows((i) => ({ comment: `${words[i % 3]} ${i}`, mood: i % 2 ? "happy" : "sad" }))),
    "comment input, mood output",
    "by values alone",
  );
  assert.equal(
    roles(rows((i) => ({ question: `${words[i % 3]} ${i}`, answer: `a free answer number ${i}` }))),
    "question input, answer output",
    "free text too",
  );
  assert.equal(
    roles(rows((i) => ({ a: String(i * 1.5), b: String(i % 2) }))),
    "a input, b output",
    "with no text at all, numbers are the input",
  );
  assert.deepEqual(
    templatesOf([
      { name: "a", role: "input" },
      { name: "b", role: "input" },
      { name: "y", role: "output" },
    ]),
    { source: "a: {a} b: {b}", target: "{y}" },
  );
});

test("data are shown as a model reads them: tokens, cut parts, labels, lengths", async () => {
  const file = join(folder, "d.csv");
  writeFileSync(
    file,
    `id,text,label\n${Array.from({ length: 30 }, (_, i) => `${i},"mail ${i}, ${i === 7 ? "about paper and stone ".repeat(20) : "short"}",${i % 3 === 0 ? "spam" : "ham"}`).join("\n")}\n`,
  );
  const found = await inspect({ ...LENGTHS, task: { kind: "file", train: file } });
  assert.deepEqual(
    [found.rows, found.source, found.target, found.labels, found.distinctTargets],
    [
      30,
      "{text}",
      "{label}",
      [
        { text: "ham", count: 20 },
        { text: "spam", count: 10 },
      ],
      2,
    ],
  );
  assert.equal(found.examples.length, 5);
  assert.equal(found.examples[0]!.pieces.join("").replace("</s>", "").trim(), "mail 0, short");
  assert.equal(found.truncated, 1);
  assert.ok(found.tokens.longest > 16 && found.tokens.median < 16);
  const named = await inspect({
    ...LENGTHS,
    task: { kind: "file", train: file, source: "x {nothing}", target: "{label}" },
  });
  assert.match(english(named.problem ?? ""), /no field "nothing"/);
  assert.equal(named.columns.length, 3, "the columns are there all the same");
  const own = await inspect({ ...LENGTHS, task: { kind: "file", train: file, source: "say: {text}", target: "{id}" } });
  assert.equal(own.examples[0]!.pieces.join("").trim().startsWith("say: mail"), true);
  assert.equal(own.distinctTargets, 30);
  await assert.rejects(
    inspect({ ...LENGTHS, task: { kind: "file", train: join(folder, "none.csv") } }),
    /cannot be read/,
  );
});

test("the sample is inspected like the user's data", async () => {
  const found = await inspect({ ...LENGTHS, task: { kind: "mail" } });
  assert.ok(found.rows > 6000 && found.sampled <= 2000 && found.truncated > 0);
  assert.deepEqual(
    found.labels.map(({ text }) => text),
    ["ham", "spam"],
  );
});

test("sizes are those of the solver, and null where the budget is too small", () => {
  const { width, parameters, sizes } = sizesWithin("tiny-t5", [100, 12_800, 200_000]);
  assert.equal(sizes[0], null);
  for (const each of sizes.slice(1))
    assert.ok(
      each!.count <= each!.budget &&
        each!.count === each!.promptLength * width + each!.bottleneck * (2 * width + 1) + width,
    );
  assert.ok(parameters > 1e6);
});

test("of a GGUF file its architecture and size are told with the sizes, and a damaged one is told as such", () => {
  const bytes = tinyGguf();
  const [model, cut] = [join(folder, "tiny.gguf"), join(folder, "cut.gguf")];
  writeFileSync(model, bytes);
  writeFileSync(cut, bytes.subarray(0, 500));
  const { gguf, width } = sizesWithin(model, [1000]);
  assert.deepEqual([gguf, width], [{ architecture: "llama", bytes: bytes.length }, 32]);
  assert.equal(sizesWithin("tiny-t5", [1000]).gguf, undefined);
  assert.throws(() => sizesWithin(cut, [1000]), /cut\.gguf is truncated/);
});
