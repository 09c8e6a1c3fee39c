import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { UserError } from "../../../src/base/errors.ts";
import { english } from "../../../src/base/phrase.ts";
import { MersenneTwister } from "../../../src/base/random.ts";
import { BadRows } from "../../../src/task/rows/badRows.ts";
import { blockRows, openBlocks } from "../../../src/task/rows/dataBlocks.ts";
import { readData } from "../../../src/task/rows/readRows.ts";
import type { Row } from "../../../src/task/rows/row.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-blocks-"));
after(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** What the blocks of a file give, and how many there are. */
async function inBlocks(path: string, size: number): Promise<{ rows: Row[]; bad: string; blocks: number }> {
  const bad = new BadRows();
  const opened = await openBlocks(path, undefined, bad.add);
  assert.ok(opened);
  const rows: Row[] = [];
  let blocks = 0;
  for await (const block of opened.blocks(size)) {
    blocks++;
    for (const row of blockRows(opened.form, block, bad.add)) rows.push(row);
  }
  return { rows, bad: told(bad, rows.length), blocks };
}

const told = (bad: BadRows | undefined, good: number): string =>
  bad === undefined || bad.length === 0 ? "" : english(bad.note("f", good + bad.length));

async function compare(path: string, sizes: readonly number[]): Promise<void> {
  const whole = await readData(path);
  for (const size of sizes) {
    const { rows, bad } = await inBlocks(path, size);
    assert.deepEqual(rows, whole.rows);
    assert.equal(bad, told(whole.bad, whole.rows.length));
  }
}

/** A table of cells that quotes, delimiters and line breaks stand in, some of them misplaced. */
function randomTable(random: MersenneTwister, delimiter: string): string {
  const pick = (from: readonly string[]): string => from[Math.floor(random.uniform() * from.length)]!;
  const cell = (): string =>
    random.uniform() < 0.4
      ? `"${pick(["a", `x${delimiter}y`, "two\nlines", 'say ""it""', "é\r\nü\n", "", '""'])}"`
      : pick(["b", "12", "", "漢字", " c ", ...(random.uniform() < 0.1 ? ['d"e', '"open', '"shut"x'] : [])]);
  const ends = pick(["\n", "\r\n"]);
  const rows = Array.from({ length: 30 }, () =>
    Array.from({ length: random.uniform() < 0.95 ? 3 : 2 }, cell).join(delimiter),
  );
  const header = pick(["text,label,more", '"text","label","mo\nre"', "text,label,more"]).replaceAll(",", delimiter);
  return [header, ...rows].join(ends) + pick(["", ends, ends + ends]);
}

test("the blocks of a table have the rows and the bad rows of the whole, wherever they are cut", async () => {
  const random = new MersenneTwister(3);
  for (let at = 0; at < 300; at++) {
    const [name, delimiter] = at % 3 === 0 ? ["t.tsv", "\t"] : ["t.csv", at % 3 === 1 ? "," : ";"];
    await compare(file(name, randomTable(random, delimiter)), [1 + Math.floor(random.uniform() * 60), 1 << 20]);
  }
});

test("the blocks of JSON lines have the rows of the whole, with their lines", async () => {
  const lines = [
    '{"text": "a\\nb", "label": 1}',
    "",
    '{"text": "é漢", "label": 2.50}',
    "no JSON",
    '{"text": 9007199254740993}',
  ];
  for (const content of [lines.join("\n"), `${lines.join("\r\n")}\r\n`])
    await compare(file("lines.jsonl", content), [1, 13, 1000]);
  await compare(
    file("mrqa.jsonl", `{"header": {}}\n{"context": "c", "qas": [{"question": "q", "answers": ["a"], "qid": "1"}]}\n`),
    [5, 999],
  );
  await compare(file("named.json", `{"text": "a"}\n{"text": "b"}\n`), [4]);
});

test("gzip, UTF-16, Latin-1, a mark, bare returns and Excel's first line are read in blocks as in the whole", async () => {
  const table = 'text,label\nschön,1\n"zwei\nZeilen",2\nnaïve,3\n';
  for (const [name, content] of [
    ["packed.csv.gz", gzipSync(table)],
    ["packed.jsonl", gzipSync('{"text": "a"}\n{"text": "b"}\n')],
    ["wide.csv", Buffer.from(`\uFEFF${table}`, "utf16le")],
    ["bare.csv", Buffer.from(table.repeat(1), "utf16le")],
    ["latin.csv", Buffer.from(table, "latin1")],
    ["mark.csv", `\uFEFF${table}`],
    ["returns.csv", "text,label\ra,1\rb,2\r"],
    ["sep.csv", "sep=;\ntext;label\na;1\nb;2\n"],
    ["late.csv", "\n\ntext,label\na,1\n\n\nb,2"],
  ] as const)
    await compare(file(name, content), [2, 9, 1 << 20]);
});

test("what is one document is not read in blocks", async () => {
  for (const [name, content] of [
    ["list.json", '[{"text": "a"}]'],
    ["list.jsonl", '[\n{"text": "a"}]'],
    ["columns.json", '{"text": {"0": "a"}}'],
  ] as const)
    assert.equal(await openBlocks(file(name, content), undefined, () => undefined), undefined);
});

test("NULs and bytes that are no UTF-8 are named with their line in the file", async () => {
  const rows = "text,label\n" + `${"a".repeat(1000)},1\n`.repeat(4500);
  for (const [bytes, code] of [
    [Buffer.from([0x61, 0, 0x2c, 0x31, 10]), "data-line-nul"],
    [Buffer.from([0x61, 0xff, 0x2c, 0x31, 10]), "data-line-not-utf8"],
  ] as const)
    await assert.rejects(inBlocks(file("bad.csv", Buffer.concat([Buffer.from(rows), bytes])), 1 << 20), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.code, code);
      assert.match(error.message, /bad\.csv:4502:/);
      return true;
    });
});

test("a quote that is never closed costs its own line, and a file without line breaks is refused", async () => {
  const rows = 'text,label\na,1\n"open,1\n' + `${"b".repeat(1000)},2\n`.repeat(38_000);
  const { rows: read, bad } = await inBlocks(file("open.csv", rows), 1 << 22);
  assert.equal(read.length, 38_001);
  assert.match(bad, /1/);
  await assert.rejects(inBlocks(file("long.jsonl", `{"a": "${"x".repeat(40e6)}"}`), 1 << 22), /longer than 34 MB/);
});
