import assert from "node:assert/strict";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { UserError } from "../../../src/base/errors.ts";
import { firstRows, readRows } from "../../../src/task/rows/readRows.ts";
import { KnownData } from "../../../src/worker/check/knownData.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-first-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const put = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const texts = Array.from({ length: 40 }, (_, i) => `é ${i} "so]}" 😀\n${"and ".repeat(i % 5)}`);
const objects = texts.map((text, i) => ({ text, meta: { tags: [i, { deep: "[" }] }, label: String(i % 2) }));
const csv = `text,label\n${texts.map((text, i) => `"${text.replaceAll('"', '""')}",${i % 2}`).join("\n")}\n`;
const squad = {
  version: "1",
  data: texts.map((context, i) => ({
    title: "t",
    paragraphs: [{ context, qas: [{ id: String(i), question: "q?", answers: [{ text: "a", answer_start: 0 }] }] }],
  })),
};

const files = {
  "a.jsonl": objects.map((each) => JSON.stringify(each)).join("\n"),
  "a.csv": csv,
  "crlf.csv": csv.replaceAll("\n", "\r\n"),
  "a.tsv": `text\tlabel\n${texts.map((text, i) => `${text.replaceAll("\n", " ")}\t${i}`).join("\n")}`,
  "line.json": JSON.stringify(objects),
  "pretty.json": JSON.stringify(objects, undefined, 2),
  "lines.json": objects.map((each) => JSON.stringify(each)).join("\n"),
  "squad.json": JSON.stringify(squad),
  "a.csv.gz": gzipSync(csv),
  "a.jsonl.gz": gzipSync(objects.map((each) => JSON.stringify(each)).join("\n")),
};

for (const [name, content] of Object.entries(files)) {
  test(`${name}: its first bytes give its first rows, for any number of bytes, and all bytes give all rows`, async () => {
    const path = put(name, content);
    const whole = await readRows(path);
    const length = name.endsWith(".gz") ? csv.length : Buffer.byteLength(content);
    let most = 0;
    for (let bytes = 30; bytes < length; bytes += 97) {
      let found: Awaited<ReturnType<typeof firstRows>>;
      try {
        found = await firstRows(path, bytes);
      } catch (error) {
        assert.ok(error instanceof UserError && /hold no whole row|has no rows/.test(error.message), String(error));
        assert.equal(most, 0, "only before the first row is whole");
        continue;
      }
      assert.deepEqual(found.rows, whole.slice(0, found.rows.length));
      assert.ok(found.rows.length >= most && found.rows.length <= bytes / 10, `${found.rows.length} of ${bytes} bytes`);
      assert.equal(found.all, false);
      most = found.rows.length;
    }
    assert.ok(most > 10 && most < whole.length + 1, String(most));
    assert.deepEqual(await firstRows(path, 1e6), { rows: whole, all: true });
  });
}

test("Parquet is read by row groups, a large group in part", async () => {
  const path = put(
    "a.parquet",
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          {
            name: "text",
            data: Array.from({ length: 300 }, (_, i) => `text ${i} ${"more ".repeat(20)}`),
            type: "STRING",
          },
        ],
        rowGroupSize: 100,
        codec: "UNCOMPRESSED",
      }),
    ),
  );
  const whole = await readRows(path);
  for (const bytes of [100, 5000, 15_000, 30_000]) {
    const { rows, all } = await firstRows(path, bytes);
    assert.deepEqual(rows, whole.slice(0, rows.length));
    assert.ok(!all && rows.length >= 1 && rows.length < 3 + bytes / 100, `${rows.length} of ${bytes}`);
  }
  assert.deepEqual(await firstRows(path, 1e6), { rows: whole, all: true });
});

test("a damaged gzip file and a missing one have their own messages", async () => {
  const packed = gzipSync(csv.repeat(50));
  await assert.rejects(
    firstRows(put("cut.csv.gz", packed.subarray(0, packed.length / 2)), 1e6),
    /not a complete gzip file/,
  );
  await assert.rejects(firstRows(put("none.csv.gz", "no gzip"), 1e6), /not a complete gzip file/);
  await assert.rejects(firstRows(join(folder, "nothing.csv.gz"), 1e6), /cannot be read: ENOENT/);
  await assert.rejects(firstRows(join(folder, "nothing.jsonl"), 1e6), /cannot be read: ENOENT/);
});

test("a file is read again only when it changes; a few files stay in memory; failed reads are repeated", async () => {
  const known = new KnownData(1000);
  const path = put("k.jsonl", '{"a":"1"}\n');
  const at = new Date(1e12);
  const field = async (): Promise<string | undefined> => (await known.rows(path)).rows[0]?.fields["a"];
  utimesSync(path, at, at);
  assert.equal(await field(), "1");
  writeFileSync(path, '{"a":"2"}\n');
  utimesSync(path, at, at);
  assert.equal(await field(), "1", "the same file, as far as its size and time tell, is not read again");
  utimesSync(path, at, new Date(2e12));
  assert.equal(await field(), "2");
  const first = await known.rows(path);
  for (const name of ["l.jsonl", "m.jsonl"]) await known.rows(put(name, '{"a":"3"}\n'));
  assert.notEqual(await known.rows(path), first, "of the files looked at last, two are kept");
  const later = join(folder, "later.jsonl");
  await assert.rejects(known.rows(later), /ENOENT/);
  put("later.jsonl", '{"a":"4"}\n');
  assert.equal((await known.rows(later)).all, true);
  assert.deepEqual(
    [
      (await new KnownData(1000).rows(put("long.jsonl", '{"a":"1"}\n'.repeat(500)))).rows.length,
      (await new KnownData(1000).rows(join(folder, "long.jsonl"))).all,
    ],
    [100, false],
  );
});
