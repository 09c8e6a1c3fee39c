import assert from "node:assert/strict";
import { test } from "node:test";
import type { EngineSpec } from "../../src/engine/engineSpec.ts";
import { onEngines } from "./engines.ts";
import { GOLDENS, openMethodGolden, relativeDifference, withoutRounding } from "./methodGolden.ts";
import { withGoldens } from "./shared.ts";

const NEAR_TIE = 1e-3;

/** One step, one forward pass and the losses of each example against the golden's. */
async function checkNumbers(model: string, name: string, engine: EngineSpec): Promise<void> {
  const { tuned, parameters, tensors, json, batch, hiddenMask, outputs } = openMethodGolden(model, name, engine);
  assert.equal(
    [...parameters.values()].reduce((sum, t) => sum + t.data.length, 0),
    json.trainable_parameters,
  );
  const tokens = batch.labels.filter((id) => id >= 0).length;
  const { loss, gradients } = await tuned.step(parameters, batch, { lossScale: 1 / tokens, hiddenMask });
  assert.ok(Math.abs(loss / json.loss - 1) < 1e-5, `loss ${loss} for ${json.loss}`);
  const expected = tensors("grads.safetensors");
  assert.ok(expected.size > 0);
  const largest = Math.max(
    ...[...expected.values()].map(({ data }) => data.reduce((most, g) => Math.max(most, Math.abs(g)), 0)),
  );
  for (const [key, { data }] of expected) {
    const g = gradients.get(key)!;
    const kept = withoutRounding(key, g);
    assert.ok(
      g.every((v, i) => v === kept[i] || Math.abs(v) < 1e-4 * largest),
      `${key} is about 0`,
    );
    const difference = relativeDifference(kept, withoutRounding(key, data));
    assert.ok(difference < 1e-4, `gradient of ${key}: ${difference}`);
  }
  if (json.grad_norms === undefined) assert.deepEqual([...gradients.keys()].sort(), [...expected.keys()].sort());
  for (const [key, norm] of Object.entries(json.grad_norms ?? {}))
    assert.ok(
      Math.abs(Math.sqrt(gradients.get(key)!.reduce((sum, g) => sum + g * g, 0)) - norm) <= 1e-4 * Math.max(norm, 1e-3),
      `gradient norm of ${key}`,
    );
  if (hiddenMask === undefined) {
    const theirs = outputs();
    const { logits, states } = await tuned.forward(parameters, batch);
    assert.ok(relativeDifference(logits.data, theirs.logits) < 1e-4, "logits");
    if (theirs.states !== undefined) assert.deepEqual([...states.dims], theirs.states);
    const { sum, tokens: counts } = await tuned.losses(parameters, batch);
    assert.deepEqual(counts, json.example_tokens);
    sum.forEach((s, i) =>
      assert.ok(Math.abs(s / counts[i]! / json.example_loss[i]! - 1) < 1e-5, `loss of example ${i}`),
    );
  }
  await tuned.release();
}

/** Greedy decoding against the golden's, each row up to its first near-tie. */
async function checkGreedy(model: string, name: string, engine: EngineSpec): Promise<void> {
  const { tuned, parameters, json, greedyBatch } = openMethodGolden(model, name, engine);
  const { max_new_tokens, new_tokens, margins_top1_top2 } = json.greedy!;
  const generated = await tuned.generate(parameters, greedyBatch, max_new_tokens);
  new_tokens.forEach((expected, row) => {
    const tie = margins_top1_top2[row]!.findIndex((m) => m < NEAR_TIE);
    const end = tie < 0 ? undefined : tie;
    assert.deepEqual(generated[row]!.slice(0, end), expected.slice(0, end));
  });
  await tuned.release();
}

withGoldens("methods", () => {
  onEngines("methods", (engine) => {
    for (const [model, name] of GOLDENS) {
      test(`${engine.device}: ${model} ${name}: loss, every gradient, and logits are PyTorch's`, () =>
        checkNumbers(model, name, engine));
      if (name === "adept-dropout") continue; // greedy decoding has no dropout
      test(`${engine.device}: ${model} ${name}: greedy ids are Hugging Face's up to the first near-tie`, () =>
        checkGreedy(model, name, engine));
    }
  });
});
