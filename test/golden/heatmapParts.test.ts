import assert from "node:assert/strict";
import { test } from "node:test";
import { loadTokenizer } from "../../src/backbone/tokenizer/tokenizer.ts";
import { singleText } from "../../src/heatmap/placedText.ts";
import { placeTokens } from "../../src/heatmap/placedTokens.ts";
import { RowTokens } from "../../src/heatmap/rowTokens.ts";
import { golden, withGoldens } from "./shared.ts";

withGoldens("heatmap, in parts", () => {
  test("the tokens of a long text's parts are those of the whole text, each once, and of every character", async () => {
    const words = [
      "the river ",
      "Straße, ",
      "😀👩‍👩‍👧‍👦 ",
      "漢字かな交じり文",
      "e\u0301a\u0308 ",
      "10,000\n",
      "  x=y!\n\n",
      "don't ",
    ];
    const text = Array.from({ length: 900 }, (_, i) => words[(i * i + (i >> 3)) % words.length]).join("");
    for (const name of ["t5", "llama3", "gpt2", "llama2"]) {
      const tokenizer = loadTokenizer(golden("tokenizers", name));
      const own = async (part: string): Promise<{ ids: number[]; spans: number[]; values: number[] }> => {
        const { ids, offsets, specialMask } = await tokenizer.encode(part);
        const kept = ids.flatMap((_, i) => (specialMask[i] === 1 ? [] : [i]));
        return { ids: kept.map((i) => ids[i]!), spans: kept.flatMap((i) => offsets[i]!), values: kept.map(() => 1) };
      };
      const limits = { mostTokens: Infinity, positionValues: undefined };
      const tokens = new RowTokens({ text, lines: text.split("\n").length }, [singleText({ text, at: 0 })], limits);
      const missing = tokens.missingChunks([[0, text.length]]);
      assert.ok(missing.length > 10);
      for (const chunk of missing) tokens.addChunk(chunk, await own(chunk.content));
      const whole = await own(text);
      const placed = placeTokens(
        { text, line: 0, lines: text.split("\n").length },
        [singleText({ text, at: 0 })],
        [whole],
      );
      assert.deepEqual(tokens.placedTokens(), placed, name);
    }
  });
});
