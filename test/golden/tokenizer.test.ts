import assert from "node:assert/strict";
import { test } from "node:test";
import { loadTokenizer } from "../../src/backbone/tokenizer/tokenizer.ts";
import { golden, readJson, withGoldens } from "./shared.ts";

interface Case {
  text: string;
  raw?: string;
  ids: number[];
  tokens: string[];
  offsets_utf16: number[][];
  special_mask: string;
  ids_without_added?: number[];
  decoded: string;
  decoded_skip_special: string;
}

withGoldens("tokenizer", () => {
  for (const name of [
    "t5",
    "llama3",
    "llama2",
    "gpt2",
    "variants/t5-legacy-metaspace",
    "variants/t5-converter",
    "variants/llama2-metaspace-first",
    "variants/gpt2-added-tokens",
  ]) {
    test(`${name}: ids, tokens, UTF-16 offsets and decoding of every string`, async () => {
      const tokenizer = loadTokenizer(golden("tokenizers", name));
      const { cases } = readJson<{ cases: Case[] }>("tokenizers", name, "encodings.json");
      assert.ok(cases.length > 100);
      for (const c of cases) {
        const text = c.raw ?? c.text;
        const encoding = await tokenizer.encode(text);
        assert.deepEqual(
          encoding,
          { ids: c.ids, tokens: c.tokens, offsets: c.offsets_utf16, specialMask: [...c.special_mask].map(Number) },
          JSON.stringify(text),
        );
        assert.deepEqual(await tokenizer.encodeIds(text, { addSpecial: false }), c.ids_without_added ?? c.ids);
        assert.equal(await tokenizer.decode(c.ids, false), c.decoded);
        assert.equal(await tokenizer.decode(c.ids), c.decoded_skip_special);
      }
    });
  }

  for (const name of ["llama3", "gpt2"])
    test(`${name}: the readable pieces of every string are its text, bytes of split characters spelled out`, () => {
      const tokenizer = loadTokenizer(golden("tokenizers", name));
      const { cases } = readJson<{ cases: Case[] }>("tokenizers", name, "encodings.json");
      let spelled = 0;
      // A text can spell a byte itself, as "<0xE2>".
      for (const c of cases.filter((each) => !each.decoded.includes("<0x"))) {
        const text = c.ids.map((id) => tokenizer.piece(id)).join("");
        const whole = text.replace(/(?:<0x[0-9A-F]{2}>)+/g, (run) => {
          spelled++;
          return Buffer.from(run.replace(/<0x|>/g, ""), "hex").toString("utf8");
        });
        assert.equal(whole, c.decoded, JSON.stringify(c.text));
      }
      assert.ok(spelled > 100, String(spelled));
    });
});
