import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { loadTokenizer } from "../../src/backbone/tokenizer/tokenizer.ts";
import { encodeAll } from "../../src/training/batch/exampleEncoder.ts";
import { openEncoder } from "../../src/training/batch/openEncoder.ts";
import { golden, readJson, withGoldens } from "./shared.ts";

interface Case {
  model: string;
  prompt: "plain" | "chat";
  examples: { prompt_ids: number[]; target_ids: number[] }[];
}

const MAIL = {
  kind: "mail",
  maxBodyCharacters: 1,
  split: { validation: 0, test: 0, seed: 0 },
  shots: undefined,
} as const;

withGoldens("evaluate-decoders", () => {
  const { cases } = readJson<{ cases: Record<string, Case> }>("evaluate-decoders", "expected.json");
  const examples = readFileSync(golden("evaluate-decoders", "data.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { input: string; target: string })
    .map(({ input, target }) => ({ source: input, target }));
  for (const [name, { model, prompt, examples: expected }] of Object.entries(cases).filter(([each]) =>
    each.includes("/bare/"),
  ))
    test(`${name}: an example has the tokens that it has in PyTorch, those of the answer apart`, async () => {
      const folder = golden(model);
      const encoder = openEncoder(
        { folder, isCausal: true, tokenizer: loadTokenizer(folder) },
        { task: MAIL, prompt: { form: prompt, shots: 0 } },
        { maxSourceLength: 512, maxTargetLength: 64 },
      );
      const encoded = await encodeAll(examples, encoder);
      assert.deepEqual(
        encoded.map(({ ids, labels }) => ({ prompt_ids: Array.from(ids), target_ids: Array.from(labels) })),
        expected.map(({ prompt_ids, target_ids }) => ({ prompt_ids, target_ids })),
      );
      assert.ok(encoded.every(({ cut, targetIds }) => cut === undefined && targetIds === undefined));
    });
});
