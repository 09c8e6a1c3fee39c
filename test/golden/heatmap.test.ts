import assert from "node:assert/strict";
import { test } from "node:test";
import { loadTokenizer, type TextTokenizer } from "../../src/backbone/tokenizer/tokenizer.ts";
import { placeTokens } from "../../src/heatmap/placedTokens.ts";
import { rowTexts, type DocumentRow } from "../../src/heatmap/rowTexts.ts";
import { golden, readJson, withGoldens } from "./shared.ts";

interface Case {
  text: string;
  raw?: string;
  ids: number[];
  offsets_utf16: [number, number][];
}
const csv = (text: string): string => `7,"${text.replaceAll('"', '""')}",x`;
const spelledOut = (text: string): string =>
  JSON.stringify({ n: 7, text }).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** Unigram; byte-level, where tokens are parts of characters; BPE with bytes for what it has no piece for. */
const openSources = (): { name: string; tokenizer: TextTokenizer; cases: Case[] }[] =>
  ["t5", "llama3", "gpt2", "llama2", "variants/gpt2-added-tokens"].map((name) => ({
    name,
    tokenizer: loadTokenizer(golden("tokenizers", name)),
    cases: readJson<{ cases: Case[] }>("tokenizers", name, "encodings.json").cases,
  }));

/** What stands at a token's place, as the file's reader would read it. */
const FILES = {
  JSONL: {
    kind: "jsonl" as const,
    write: (text: string) => JSON.stringify({ n: 7, text }),
    read: (slice: string) => JSON.parse(`"${slice}"`) as string,
  },
  "JSONL with escapes": {
    kind: "jsonl" as const,
    write: spelledOut,
    read: (slice: string) => JSON.parse(`"${slice}"`) as string,
  },
  CSV: { kind: "csv" as const, write: csv, read: (slice: string) => slice.replaceAll('""', '"') },
};

withGoldens("heatmap", () => {
  const sources = openSources();
  for (const [name, { kind, write, read }] of Object.entries(FILES)) {
    test(`${name}: every token of every string of five tokenizers stands where its offsets say`, () => {
      let seen = 0;
      /** What is shown of a token: a line break of a .csv ends the line, that of a JSON string is spelled. */
      const shown = (part: string): string => (kind === "csv" ? part.replace(/^\n+/, "").split("\n")[0]! : part);
      for (const c of sources.flatMap(({ cases }) => cases)) {
        const text = c.raw ?? c.text;
        // csv cells are joined by "\n" whatever the file's line ends are.
        if (kind === "csv" && text.includes("\r")) continue;
        const written = write(text);
        const record: DocumentRow = { line: 3, lines: written.split("\n").length, text: written };
        const texts = rowTexts(record, {
          kind,
          reading: [{ literal: "say: " }, { fields: ["text"] }, { literal: "" }],
          head: { form: { delimiter: ",", quotes: true }, columns: ["n", "text", "y"] },
        });
        assert.equal(texts.length, 1);
        assert.equal(texts[0]!.text, `say: ${text}`);
        // The golden's own tokens, moved behind the template's words.
        const spans = c.offsets_utf16.flatMap(([from, to]) => (from === to ? [from, to] : [from + 5, to + 5]));
        const spots = placeTokens(record, texts, [{ ids: c.ids, spans, values: c.ids.map(() => 1) }]);
        const lines = written.split("\n");
        const wanted = c.offsets_utf16
          .map(([from, to], place) => ({ place, text: text.slice(from, to) }))
          .filter(({ text: part }) => part !== "");
        assert.equal(spots.length, wanted.filter(({ text: part }) => shown(part) !== "").length, JSON.stringify(text));
        for (const { line, from, to, position: place } of spots) {
          const stands = read(lines[line - 3]!.slice(from, to));
          const whole = wanted.find((each) => each.place === place)!.text;
          assert.equal(stands, shown(whole), JSON.stringify({ text, place }));
          seen++;
        }
      }
      assert.ok(seen > 20_000, String(seen));
    });
  }

  test("read by the worker's own tokenizer, the places are the goldens' too", async () => {
    for (const { tokenizer, cases } of sources)
      for (const c of cases) {
        const text = c.raw ?? c.text;
        const { ids, offsets } = await tokenizer.encode(text);
        assert.deepEqual([ids, offsets], [c.ids, c.offsets_utf16]);
      }
  });
});
