import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { english } from "../../../src/base/phrase.ts";
import { UserError } from "../../../src/base/errors.ts";
import { isShallow, outOfBounds } from "../../../src/base/jsonBounds.ts";
import { readExperiments } from "../../../src/experiment/readExperiment.ts";
import { checkExperiment } from "../../../src/worker/check/checkExperiment.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-hostile-"));
const path = join(folder, "x.adept.json");
after(() => {
  rmSync(folder, { recursive: true });
});
const MAIL = { name: "m", task: { kind: "mail" }, method: { kind: "adept" } };
const refuses = (text: string, ...words: RegExp[]): void => {
  writeFileSync(path, text);
  assert.throws(
    () => readExperiments(path),
    (error) => {
      assert.ok(error instanceof UserError, String((error as Error).stack));
      for (const word of words) assert.match(error.message, word);
      return true;
    },
  );
};

test("an experiment nested without end is refused with its line, by whatever signs it nests, and so is what is checked while it is written", async () => {
  for (const open of ["[", '{"a":', "[},", '{"a":[']) {
    const text = `{"name":\n"x","task":${open.repeat(20_000)}`;
    refuses(text, /x\.adept\.json:2: an experiment cannot have more than 64 objects and lists/);
    assert.match(english((await checkExperiment(path, text)).problems[0]?.message ?? ""), /inside each other/);
  }
  assert.ok(
    outOfBounds(JSON.stringify({ a: { b: [[1]] } })) === undefined &&
      isShallow('{"__proto__":1}') &&
      !isShallow("[".repeat(100)),
  );
});

test("a key that would hide others behind a prototype is refused", () => {
  refuses(
    '{"name":"x",\n"__proto__":{"git":false},"task":{"kind":"mail"},"method":{"kind":"adept"}}',
    /:2: .*"__proto__"/,
  );
  refuses('{"\\u005f_proto__" : {}}', /"__proto__"/);
  assert.equal(outOfBounds('{"a":"__proto__"}'), undefined, "as a value it is a text like others");
});

test("a sweep of few lines that asks for more than there is memory is refused at once", () => {
  const axis = Array.from({ length: 1000 }, (_, i) => i);
  refuses(
    JSON.stringify({
      ...MAIL,
      sweep: { vary: Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`training.x${i}`, axis])) },
    }),
    /combinations are too many to expand/,
  );
  refuses(
    JSON.stringify({ ...MAIL, seeds: [0, 1], sweep: { tune: { a: axis.map(() => 1), b: axis.map(() => 1) } } }),
    /combinations/,
  );
});

test("of much that is wrong the first is told, soon", () => {
  const started = Date.now();
  refuses(
    JSON.stringify({ ...MAIL, method: { kind: "lora", targets: Array.from({ length: 5000 }, (_, i) => i) } }),
    /method\.targets\.0/,
    /and 4980 more/,
  );
  assert.ok(Date.now() - started < 3000);
});

test("a file of megabytes is no experiment", () => {
  refuses(`{"name":"${"x".repeat(2_100_000)}"}`, /at most 2000000/);
});
