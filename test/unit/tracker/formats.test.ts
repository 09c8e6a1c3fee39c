import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { mlflowKey } from "../../../src/tracker/mlflow/mlflowRun.ts";
import { yamlText } from "../../../src/tracker/mlflow/yamlText.ts";
import { csvText } from "../../../src/tracker/table/csvText.ts";
import { crc32c, tfRecord } from "../../../src/tracker/tensorboard/tfRecord.ts";
import { levelLog } from "../../../src/tracker/wandb/levelLog.ts";

test("CRC-32C has the values that its definition (RFC 3720) gives", () => {
  assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assert.equal(crc32c(new Uint8Array()), 0);
});

test("a TFRecord is the one that TensorBoard's own writer makes", () => {
  assert.equal(Buffer.from(tfRecord(Buffer.from("abc"))).toString("hex"), "0300000000000000b099490e6162636e57f121");
});

/** The records of a log of blocks, each of whose parts has a fitting CRC and kind. */
function readLog(bytes: Uint8Array, start: number): Buffer[] {
  const log = Buffer.from(bytes);
  const records: Buffer[] = [];
  let open: Buffer[] = [];
  let at = start;
  while (at < log.length) {
    const left = 32768 - (at % 32768);
    if (left < 7) {
      assert.ok(log.subarray(at, at + left).every((byte) => byte === 0));
      at += left;
      continue;
    }
    const length = log.readUInt16LE(at + 4);
    const kind = log.readUInt8(at + 6);
    const data = log.subarray(at + 7, at + 7 + length);
    assert.ok(length + 7 <= left, "a part stays in its block");
    assert.equal(log.readUInt32LE(at), crc32(Buffer.concat([Buffer.of(kind), data])));
    assert.equal(kind === 1 || kind === 2, open.length === 0, `kind ${kind}`);
    open.push(data);
    if (kind === 1 || kind === 4) {
      records.push(Buffer.concat(open));
      open = [];
    }
    at += 7 + length;
  }
  assert.equal(open.length, 0);
  return records;
}

test("records of every length around the end of a block come back from W&B's log", () => {
  const start = Buffer.from(":W&B...");
  const near = Array.from({ length: 24 }, (_, i) => 32768 - 7 - 20 + i);
  for (const first of [...near, 0, 1, 65536, 100_000]) {
    const records = [first, 0, 5, 70_000, 3].map((length, i) => Buffer.alloc(length, i + 1));
    assert.deepEqual(readLog(levelLog(start, records), start.length), records, `first of ${first}`);
  }
});

test("a name becomes a key that MLflow takes and that stays in its folder", () => {
  assert.equal(mlflowKey("validation/rouge L-2.5_é"), "validation/rouge L-2.5_é");
  assert.equal(mlflowKey("../../etc/./x"), "___/___/etc/__/x");
  assert.equal(mlflowKey("/a//b/"), "_/a/_/b/_");
  assert.equal(mlflowKey('a:b*c?"<>|\\\n\0'), "a_b_c________");
  const long = "x".repeat(400);
  assert.ok(mlflowKey(`${long}1`).length <= 250 && mlflowKey(`${long}1`) !== mlflowKey(`${long}2`));
});

test("a text of YAML is one line of printable signs", () => {
  assert.equal(yamlText('a: "b"\n# \\ é'), '"a: \\"b\\"\\n# \\\\ é"');
  assert.equal(yamlText("\u0085\u2028\u007f\ufeff"), '"\\u0085\\u2028\\u007f\\ufeff"');
  assert.equal(yamlText("\ud800 \u{1F600}"), '"\ufffd \u{1F600}"');
});

test("CSV quotes what needs it, tells an empty text from none, and names what is no number", () => {
  const columns = new Map<string, readonly (string | number | boolean | Date | undefined)[]>([
    ["a,b", ['say "x"', "two\nlines", "", undefined, " edge"]],
    ["n", [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-7, -0.5]],
    ["t", [true, false, new Date(0), "plain", undefined]],
  ]);
  assert.equal(
    csvText({ rows: 5, columns, measured: new Set() }),
    `"a,b",n,t\n"say ""x""",NaN,TRUE\n"two\nlines",Inf,FALSE\n"",-Inf,1970-01-01T00:00:00.000Z\n,1e-7,plain\n" edge",-0.5,\n`,
  );
});
