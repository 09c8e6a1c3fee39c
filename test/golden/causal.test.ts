import assert from "node:assert/strict";
import { test } from "node:test";
import { openBackbone } from "../../src/backbone/openBackbone.ts";
import { readSafetensors } from "../../src/backbone/files/safetensors.ts";
import { MethodInput } from "../../src/method/methodSpec.ts";
import { LocalModel } from "../../src/model/localModel.ts";
import { CPU } from "./engines.ts";
import { causalBatch, labelLogits, type CausalRows } from "./causalRows.ts";
import { golden, readJson, withGoldens } from "./shared.ts";

interface Case extends CausalRows {
  loss: number;
  example_loss: number[];
  example_tokens: number[];
}

const BARE = MethodInput.parse({ kind: "lora", targets: ["none"] });
async function forwardIsGolden(model: string): Promise<void> {
  const tuned = LocalModel.open({
    folder: golden("models", model),
    method: BARE,
    sizes: { rank: 1, count: 0 },
    engine: CPU,
    incomplete: true,
  });
  for (const [name, each] of Object.entries(readJson<Record<string, Case>>("forward", `${model}.json`))) {
    if (!("labels" in each)) continue;
    const logits = readSafetensors(golden("forward", `${model}.safetensors`)).get(`${name}.logits`)!;
    const batch = causalBatch(each);
    const { sum, tokens } = await tuned.losses(new Map(), batch);
    assert.deepEqual(tokens, each.example_tokens);
    sum.forEach((loss, row) => {
      assert.ok(Math.abs(loss / tokens[row]! / each.example_loss[row]! - 1) < 1e-5, `${name}, row ${row}: ${loss}`);
    });
    const own = (await tuned.forward(new Map(), batch)).logits.data;
    const theirs = labelLogits(each, logits);
    assert.equal(own.length, theirs.length);
    theirs.forEach((logit, i) => {
      assert.ok(Math.abs(own[i]! - logit) < 1e-4, `${name}: logit ${i}`);
    });
  }
  await tuned.release();
}

withGoldens("causal models", () => {
  const models = [
    "llama-tiny",
    "llama-tiny-sharded",
    "llama3rope-tiny",
    "llama3-tiny",
    "llama-linear-tiny",
    "llama-yarn-tiny",
    "llama-bias-tiny",
  ];
  for (const model of models)
    test(`${model}: logits and losses are PyTorch's, wherever rows are padded`, () => forwardIsGolden(model));

  test("a causal model is refused where it is not asked for as unfinished, and so are what it cannot do", () => {
    assert.throws(() => openBackbone(golden("models", "llama-tiny")), /"llama" are not supported yet/);
  });
});
