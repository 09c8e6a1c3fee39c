import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { deflateRawSync, gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { UserError } from "../../../src/base/errors.ts";
import { english } from "../../../src/base/phrase.ts";
import { ExperimentFile } from "../../../src/experiment/experiment.ts";
import { tsvForm } from "../../../src/experiment/tableForm.ts";
import { loadTask } from "../../../src/task/loadTask.ts";
import { firstRows, readData, readRows } from "../../../src/task/rows/readRows.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-kinds-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const put = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const fieldsOf = async (path: string, encoding?: string): Promise<Record<string, string>[]> => {
  const { rows } = await readData(path, { encoding });
  assert.deepEqual((await firstRows(path, 1e6, encoding)).rows, rows, "the editor and the setup page read the same");
  return rows.map(({ fields }) => ({ ...fields }));
};
const refused = (path: string, words: RegExp, action: RegExp): Promise<void[]> =>
  Promise.all(
    [() => readRows(path), () => firstRows(path, 1e6)].map((read) =>
      assert.rejects(read(), (error) => {
        assert.ok(error instanceof UserError, String((error as Error).stack));
        assert.match(error.message, words);
        assert.match(error.action ?? "", action);
        return true;
      }),
    ),
  );

/** A zip archive's first file. */
function zip(name: string, content: string): Buffer {
  const packed = deflateRawSync(content);
  const head = Buffer.alloc(30);
  head.write("PK\x03\x04\x14\0\0\0\x08\0", "latin1");
  head.writeUInt32LE(packed.length, 18);
  head.writeUInt32LE(content.length, 22);
  head.writeUInt16LE(name.length, 26);
  return Buffer.concat([head, Buffer.from(name), packed]);
}
const latin = (text: string): Buffer => Buffer.from(text, "latin1");

test("a file of another kind is named by its first bytes, whatever its name, packed or not", async () => {
  const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
  const kinds: [string, Uint8Array, RegExp, RegExp][] = [
    ["book.xlsx", zip("_rels/.rels", "x"), /an Excel workbook/, /CSV UTF-8/],
    ["book.csv", zip("xl/workbook.xml", "<workbook/>"), /an Excel workbook/, /CSV UTF-8/],
    [
      "sheet.jsonl",
      Buffer.concat([zip("mimetype", "x"), latin("application/vnd.oasis.opendocument.spreadsheet")]),
      /OpenDocument/,
      /CSV/,
    ],
    ["old.csv", latin("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\0"), /old Office document/, /CSV/],
    ["data.csv", zip("train.csv", "text,label\n"), /a zip archive/, /Unpack/],
    ["data.jsonl", latin("\x28\xb5\x2f\xfd\x04\x58\x41\0"), /packed with zstd/, /Unpack/],
    ["data.tsv", latin("\xfd7zXZ\0\0\x04"), /packed with xz/, /Unpack/],
    ["train.parquet", Buffer.from(pointer), /a pointer of Git LFS/, /git lfs pull/],
    ["train.jsonl", Buffer.from(pointer), /a pointer of Git LFS/, /git lfs pull/],
    [
      "page.csv",
      Buffer.from("\n<!DOCTYPE html>\n<html><body>404</body></html>"),
      /a web page/,
      /Download the file itself/,
    ],
    ["array.json", latin("\x93NUMPY\x01\0v\0"), /an array of NumPy/, /CSV, JSON lines or Parquet/],
    ["frame.pkl", latin("\x80\x04\x95\x10\0\0\0\0\0\0\0}\x94."), /a pickle/, /CSV/],
  ];
  for (const [name, bytes, words, action] of kinds) {
    await refused(put(name, bytes), words, action);
    if (!name.endsWith(".parquet")) await refused(put(`${name}.gz`, gzipSync(bytes)), words, action);
  }
});

test("Parquet and gzip are read whatever the name, and a list in a .jsonl or lines in a .csv as what they are", async () => {
  const parquet = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: "a", data: ["x"], type: "STRING" }] }));
  for (const name of ["p.csv", "p.jsonl", "p"]) assert.deepEqual(await fieldsOf(put(name, parquet)), [{ a: "x" }]);
  assert.deepEqual(await fieldsOf(put("g.csv", gzipSync("a,b\n1,2\n"))), [{ a: "1", b: "2" }]);
  assert.deepEqual(await fieldsOf(put("g.jsonl", gzipSync('{"a":"x"}\n'))), [{ a: "x" }]);
  for (const name of ["list.jsonl", "list.txt", "list"])
    assert.deepEqual(await fieldsOf(put(name, ' [{"a":"x"},\n{"a":"y"}]')), [{ a: "x" }, { a: "y" }]);
  assert.deepEqual(await fieldsOf(put("pretty.jsonl", '{\n  "a": "x"\n}\n')), [{ a: "x" }]);
  for (const name of ["lines.csv", "lines.tsv"])
    assert.deepEqual(await fieldsOf(put(name, '{"a":"x, y"}\n{"a":"z"}\n')), [{ a: "x, y" }, { a: "z" }]);
  const table = { kind: "file", train: put("table.jsonl", "text,label\na,b\n"), source: "{text}", target: "{label}" };
  await assert.rejects(loadTask(ExperimentFile.shape.task.parse(table)), (error) => {
    assert.ok(error instanceof UserError);
    assert.match(`${error.message} ${error.action ?? ""}`, /^[^\n]*table\.jsonl:1: not JSON[^\n]*\.csv or \.tsv\.$/);
    return true;
  });
});

test("UTF-16 and Latin-1 are found out, said and read; another encoding can be named", async () => {
  const text = 'text,label\n"naïve, café",pos\nGrüße,neg\n';
  const rows = [
    { text: "naïve, café", label: "pos" },
    { text: "Grüße", label: "neg" },
  ];
  const wide = Buffer.from(text, "utf16le");
  const big = Buffer.from(wide).swap16();
  const encodings: [string, Buffer, RegExp | undefined][] = [
    ["utf8.csv", Buffer.from(text), undefined],
    ["mark.csv", Buffer.from(`\uFEFF${text}`), undefined],
    ["le.csv", wide, /UTF-16 \(little/],
    ["be.csv", big, /UTF-16 \(big/],
    ["le-mark.csv", Buffer.from(`\uFEFF${text}`, "utf16le"), /UTF-16 \(little/],
    ["be-mark.csv", Buffer.from(`\uFEFF${text}`, "utf16le").swap16(), /UTF-16 \(big/],
    ["latin.csv", latin(text), /Latin-1/],
    ["cr-wide.csv", Buffer.from(text.replaceAll("\n", "\r\n"), "utf16le"), /UTF-16 \(little/],
  ];
  for (const [name, bytes, note] of encodings) {
    for (const path of [put(name, bytes), put(`${name}.gz`, gzipSync(bytes))]) {
      assert.deepEqual(await fieldsOf(path), rows, name);
      const { notes = [] } = await readData(path);
      assert.equal(notes.length, note === undefined ? 0 : 1, name);
      if (note !== undefined) assert.match(english(notes[0]!), note);
    }
  }
  const chinese = 'text,label\n"好电影",好\n坏,坏\n很好看,好\n';
  assert.deepEqual((await fieldsOf(put("zh.csv", Buffer.from(chinese, "utf16le"))))[0], {
    text: "好电影",
    label: "好",
  });
  const russian = "text,label\nхорошо,да\nплохо,нет\n";
  assert.deepEqual((await fieldsOf(put("ru.csv", Buffer.from(russian, "utf16le"))))[1], {
    text: "плохо",
    label: "нет",
  });
  const cp1251 = Buffer.from(
    [...russian].map((sign) => (sign > "\x7f" ? sign.charCodeAt(0) - 0x350 : sign.charCodeAt(0))),
  );
  await refused(put("cp1251.csv", cp1251), /cp1251\.csv:2: the line is not UTF-8/, /task\.encoding/);
  for (const name of ["windows-1251", "cp1251", "CP1251"])
    assert.deepEqual((await fieldsOf(join(folder, "cp1251.csv"), name))[0], { text: "хорошо", label: "да" });
  assert.deepEqual((await fieldsOf(put("latin.csv", latin(text)), "latin-1"))[1], rows[1]);
  const task = { kind: "file", train: put("t.csv", cp1251), source: "{text}", target: "{label}", encoding: "cp1251" };
  assert.deepEqual(
    (await loadTask(ExperimentFile.shape.task.parse({ ...task, split: { validation: 0, test: 0 } }))).labels,
    ["да", "нет"],
  );
  assert.throws(() => ExperimentFile.shape.task.parse({ ...task, encoding: "klingon" }), /is no encoding/);
});

test("NULs in a text are named with their line; a carriage return alone ends a line", async () => {
  for (const [name, text, line] of [
    ["nul.csv", "text,label\na\0b,pos\nc,neg\n", 2],
    ["nul.jsonl", `{"text":"a"}\n{"text":"b"}\n\0\0\0\0\0\0`, 3],
    ["nul.tsv", `text\tlabel\n${"a\tb\n".repeat(50)}\0`, 52],
  ] as const)
    await refused(put(name, text), new RegExp(`${name.replace(".", "\\.")}:${line}: the line has NUL`), /damaged/);
  const rows = [
    { text: "a", label: "pos" },
    { text: "b", label: "neg" },
  ];
  assert.deepEqual(await fieldsOf(put("cr.csv", "text,label\ra,pos\rb,neg\r")), rows);
  assert.deepEqual(await fieldsOf(put("cr.tsv", "text\tlabel\ra\tpos\rb\tneg")), rows);
  assert.deepEqual(await fieldsOf(put("cr.jsonl", rows.map((row) => JSON.stringify(row)).join("\r"))), rows);
});

test("Excel's line sep= names the delimiter and is no row", async () => {
  const rows = [{ text: "a, b", label: "pos" }];
  assert.deepEqual(await fieldsOf(put("sep.csv", "sep=;\r\ntext;label\r\na, b;pos\r\n")), rows);
  assert.deepEqual(await fieldsOf(put("bar.csv", "sep=|\ntext|label\na, b|pos\n")), rows);
  assert.deepEqual(await fieldsOf(put("tab.csv", "\uFEFFSEP=\t\ntext\tlabel\na, b\tpos\n")), rows);
  assert.deepEqual(await fieldsOf(put("comma.csv", 'sep=,\ntext,label\n"a, b",pos\n')), rows);
  assert.equal((await readData(join(folder, "sep.csv"))).rows[0]!.line, 3);
});

test("JSON documents that programs write: a list under a name, pandas' orientations, columns as lists", async () => {
  const rows = [
    { text: "a", label: "1.0" },
    { text: "b", label: "2" },
  ];
  const documents = [
    '{"data":[{"text":"a","label":1.0},{"text":"b","label":2}]}',
    '{"version":"1","rows":[{"text":"a","label":1.0},{"text":"b","label":2}],"total":2}',
    '{"schema":{"fields":[{"name":"index"}]},"data":[{"text":"a","label":1.0},{"text":"b","label":2}]}',
    '{"text":{"0":"a","1":"b"},"label":{"0":1.0,"1":2}}',
    '{"0":{"text":"a","label":1.0},"7":{"text":"b","label":2}}',
    '{"columns":["text","label"],"index":[0,1],"data":[["a",1.0],["b",2]]}',
    '{"text":["a","b"],"label":[1.0,2]}',
  ];
  for (const document of documents) assert.deepEqual(await fieldsOf(put("d.json", document)), rows, document);
  await refused(
    put("two.json", '{"train":[{"a":"x"}],"test":[{"a":"y"}]}'),
    /several lists of rows: train, test/,
    /file of its own/,
  );
  const long = JSON.stringify({
    text: Object.fromEntries(Array.from({ length: 90 }, (_, i) => [i, `t${i}`])),
    label: Object.fromEntries(Array.from({ length: 90 }, (_, i) => [i, i % 2])),
  });
  assert.equal((await firstRows(put("long.json", long), 100)).rows.length, 90, "columns are whole only with the file");
});

test("TSV with quoted cells is told from raw TSV by its rows", async () => {
  const quoted: [string, Record<string, string>[]][] = [
    [
      'text\tlabel\n"a\tb"\tpos\nc\tneg\n',
      [
        { text: "a\tb", label: "pos" },
        { text: "c", label: "neg" },
      ],
    ],
    ['text\tlabel\n"he said ""hi"""\tpos\n', [{ text: 'he said "hi"', label: "pos" }]],
    [
      'text\tlabel\n"two\nlines"\tpos\nc\tneg\n',
      [
        { text: "two\nlines", label: "pos" },
        { text: "c", label: "neg" },
      ],
    ],
    ['"text"\t"label"\n"a"\t"pos"\n', [{ text: "a", label: "pos" }]],
  ];
  for (const [text, rows] of quoted) assert.deepEqual(await fieldsOf(put("q.tsv", text)), rows, text);
  const raw = [
    'text\tlabel\n"Good," he said.\tpos\n',
    'text\tlabel\n"A quote\tpos\nanother"\tneg\n',
    'text\tlabel\n"Great!"\tpos\n5" wide\tneg\n',
    'text\tlabel\n"Great!"\tpos\n',
  ];
  for (const text of raw) {
    assert.equal(tsvForm(text).quotes, false, text);
    assert.equal((await fieldsOf(put("r.tsv", text)))[0]!["text"], text.split("\n")[1]!.split("\t")[0]);
  }
});
