import assert from "node:assert/strict";
import { test } from "node:test";
import { openMethodGolden, relativeDifference } from "./methodGolden.ts";
import { withGoldens } from "./shared.ts";

const NEAR_TIE = 1e-3;

withGoldens("methods", () => {
  for (const model of ["t5v10-tiny", "t5v11-tiny"]) {
    for (const kind of ["adept", "pt"] as const) {
      test(`${model} ${kind}: logits, encoder states, loss and every gradient are PyTorch's`, async () => {
        const { tuned, parameters, tensors, json, batch } = openMethodGolden(model, kind);
        const tokens = batch.labels.filter((id) => id >= 0).length;
        const { loss, gradients } = await tuned.step(parameters, batch, { lossScale: 1 / tokens });
        assert.ok(Math.abs(loss / json.loss - 1) < 1e-5, `loss ${loss} for ${json.loss}`);
        const expected = tensors("grads.safetensors");
        assert.deepEqual([...gradients.keys()].sort(), [...expected.keys()].sort());
        for (const [name, g] of gradients) assert.ok(relativeDifference(g, expected.get(name)!.data) < 1e-4, `gradient of ${name}`);
        const output = tensors("output.safetensors");
        const { logits, encoded } = await tuned.forward(parameters, batch);
        assert.ok(relativeDifference(logits.data, output.get("logits")!.data) < 1e-4, "logits");
        assert.deepEqual([...encoded.dims], output.get("encoder_last_hidden_state")!.dims);
        const { sum, tokens: counts } = await tuned.losses(parameters, batch);
        assert.deepEqual(counts, json.example_tokens);
        sum.forEach((s, i) => assert.ok(Math.abs(s / counts[i]! / json.example_loss[i]! - 1) < 1e-5, `loss of example ${i}`));
        await tuned.release();
      });

      test(`${model} ${kind}: greedy ids are Hugging Face's up to the first near-tie`, async () => {
        const { tuned, parameters, json, batch } = openMethodGolden(model, kind);
        const { max_new_tokens, new_tokens, margins_top1_top2 } = json.greedy;
        const generated = await tuned.generate(parameters, batch, max_new_tokens);
        new_tokens.forEach((expected, row) => {
          const tie = margins_top1_top2[row]!.findIndex((m) => m < NEAR_TIE);
          const end = tie < 0 ? undefined : tie;
          assert.deepEqual(generated[row]!.slice(0, end), expected.slice(0, end));
        });
        await tuned.release();
      });
    }
  }
});
