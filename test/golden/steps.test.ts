import assert from "node:assert/strict";
import { test } from "node:test";
import { adamwStep, freshState } from "../../src/training/adamw.ts";
import { clipGradients } from "../../src/training/clip.ts";
import { scheduleFactor } from "../../src/training/schedule.ts";
import { openMethodGolden, relativeDifference } from "./methodGolden.ts";
import { withGoldens } from "./shared.ts";

withGoldens("five AdamW steps", () => {
  for (const model of ["t5v10-tiny", "t5v11-tiny"]) {
    for (const kind of ["adept", "pt"] as const) {
      for (const [run, variant, weightDecay] of [["torch_wd0", "torch", 0], ["torch_wd0.01", "torch", 0.01], ["hf_wd0", "official", 0], ["hf_wd0.01", "official", 0.01]] as const) {
        test(`${model} ${kind} ${run}: losses, gradient norms and final parameters`, async () => {
          const { tuned, parameters, tensors, json, batch } = openMethodGolden(model, kind);
          const expected = json.steps[run]!, lossScale = 1 / batch.labels.filter((id) => id >= 0).length;
          const group = new Map(Object.entries(json.groups).flatMap(([name, g]) => g.tensors.map((t) => [t, name] as const)));
          let current = { parameters, state: freshState(parameters) };
          for (let t = 0; t < 5; t++) {
            const { loss, gradients } = await tuned.step(current.parameters, batch, { lossScale });
            assert.ok(Math.abs(loss / expected.losses[t]! - 1) < 1e-5, `loss before step ${t}`);
            const clipped = clipGradients(gradients, 1);
            assert.ok(Math.abs(clipped.norm / expected.grad_norms[t]! - 1) < 1e-4, `gradient norm at step ${t}`);
            const factor = scheduleFactor(t, { warmup: 2, total: 10 });
            const rates = Object.fromEntries(Object.entries(json.groups).map(([name, g]) => [name === "pt" ? "prompt" : name, g.lr * factor]));
            for (const name of group.values()) assert.equal(rates[name], expected.learning_rates[t]![name]);
            current = adamwStep(current, clipped.gradients, rates, { variant, eps: 1e-6, weightDecay });
          }
          const { loss } = await tuned.step(current.parameters, batch, { lossScale });
          assert.ok(Math.abs(loss / expected.losses[5]! - 1) < 1e-5, "loss after five steps");
          const final = tensors("steps.safetensors");
          for (const [name, { data }] of current.parameters) {
            const golden = final.get(`${run}/${name}`) ?? final.get(`${run}/prompt_embeddings`)!;
            assert.ok(relativeDifference(data, golden.data) < 1e-4, `${name}: ${relativeDifference(data, golden.data)}`);
          }
          await tuned.release();
        });
      }
    }
  }
});
