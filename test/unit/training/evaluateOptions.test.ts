import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { UserError } from "../../../src/base/errors.ts";
import { english } from "../../../src/base/phrase.ts";
import { evaluateFolder, type FolderOptions } from "../../../src/training/evaluateFolder.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-evaluate-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const put = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const evaluated = (data: string, more: Partial<FolderOptions> = {}): ReturnType<typeof evaluateFolder> =>
  evaluateFolder({ backbone: "tiny-t5", adapter: undefined, data, maxTokens: 4, ...more });

/** A key of an experiment, which the command does not have. */
const KEY = /\b(task|training|prompt|engine|method)\.[a-z]|"task"|of kind "file"/;
const said = async (data: string, more: Partial<FolderOptions> = {}): Promise<string> => {
  try {
    await evaluated(data, more);
  } catch (error) {
    assert.ok(error instanceof UserError, String((error as Error).stack));
    return `${error.message}\n${error.action ?? ""}`;
  }
  assert.fail("no error");
};

test("evaluate names its own options in what is wrong, not the keys of an experiment file", async () => {
  const rows = '{"input":"a","target":"b"}\n';
  const cases: [string, RegExp, Partial<FolderOptions>?][] = [
    [put("none.jsonl", '{"text":"a","label":"b"}\n'), /no field "input", which --source uses[^]*--target "\{label\}"/],
    [
      put("null.jsonl", `${rows}{"input":"a","target":null}\n`),
      /"target", which --target uses, is null[^]*--skip-bad-rows/,
    ],
    [put("empty.csv", "input,target\na,b\n,b\n,c\n"), /2 of 3 rows[^]*\(--source "\{input\}"\)[^]*--skip-bad-rows/],
    [put("brace.jsonl", rows), /--source: "\{input" has a brace/, { source: "{input" }],
    [put("chat.jsonl", rows), /--prompt: chat needs a decoder-only model[^]*--backbone/, { prompt: "chat" }],
    [
      put("cp1251.csv", Buffer.from([0x74, 0x2c, 0x6c, 0x0a, 0xf5, 0xee, 0xf0, 0x2c, 0xe4, 0xe0, 0x0a])),
      /not UTF-8[^]*--encoding/,
    ],
    [put("utf8.csv", "input,target\nхорошо,да\n"), /--encoding/, { encoding: "shift_jis" }],
  ];
  for (const [data, words, more] of cases) {
    const message = await said(data, more);
    assert.match(message, words);
    assert.doesNotMatch(message, KEY, message);
  }
});

test("other columns, encodings and files with bad rows are evaluated, and what was done is said", async () => {
  const latin = put("latin.csv", Buffer.from("text,label\ncaf\u00e9 is nice,good\n,bad\nso so,bad\n", "latin1"));
  const { examples, notes } = await evaluated(latin, { source: "{text}", target: "{label}", skipBadRows: true });
  assert.deepEqual(
    examples.map(({ input, target }) => [input, target]),
    [
      ["café is nice", "good"],
      ["so so", "bad"],
    ],
  );
  assert.match(notes.map(english).join("\n"), /Latin-1[^]*--encoding[^]*1 of 3 rows/);
  const broken = await evaluated(put("break.jsonl", '{"input":"a","target":"two\\nlines"}\n'));
  assert.match(broken.notes.map(english).join("\n"), /1 of 1 targets are compared as the tokenizer gives them back/);
  assert.equal(broken.examples[0]!.target, "two\nlines");
});

test("every option of the command is one that the messages name", () => {
  const command = readFileSync(join(import.meta.dirname, "../../../src/cli/commands/evaluateCommand.ts"), "utf8");
  const options = readFileSync(join(import.meta.dirname, "../../../src/training/evaluateOptions.ts"), "utf8");
  for (const [, name] of options.matchAll(/--([a-z-]+[a-z])/g))
    assert.match(command, new RegExp(`^  "?${name!}"?: \\{`, "m"), name);
});
