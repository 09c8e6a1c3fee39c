import assert from "node:assert/strict";
import { test } from "node:test";
import { FAMILIES } from "../../../src/backbone/families.ts";
import { knownModels, memoryNeeded, recommendedModel } from "../../../src/backbone/knownModels.ts";

const TYPES = FAMILIES.flatMap(({ modelTypes }) => modelTypes);

test("every known model is of a type that some family reads, and they stand from the smallest to the largest", () => {
  const models = knownModels(TYPES);
  assert.deepEqual(models, knownModels([...TYPES, ...new Set(knownModels(TYPES).map(({ modelType }) => modelType))]));
  assert.ok(models.length >= 8);
  assert.deepEqual(
    models.map(({ parameters }) => parameters),
    models.map(({ parameters }) => parameters).sort((a, b) => a - b),
  );
  for (const { name, bytes, parameters } of models) {
    assert.match(name, /^[\w-]+\/[\w.-]+$/);
    assert.ok(
      bytes >= 1.9 * parameters && bytes <= 4.6 * parameters,
      `${name}: 2 or 4 bytes a value, with its buffers`,
    );
  }
});

test("models of types that cannot be chosen yet are not offered", () => {
  assert.ok(knownModels(["t5"]).every(({ modelType }) => modelType === "t5"));
  assert.deepEqual(knownModels([]), []);
});

test("the smallest model that learns such data and fits the memory is recommended", () => {
  const models = knownModels(TYPES);
  const name = (learns: "labels" | "answers", available: number): string | undefined =>
    recommendedModel(models, { learns, available })?.name;
  assert.equal(name("labels", 16e9), "google-t5/t5-small");
  assert.equal(name("answers", 16e9), "HuggingFaceTB/SmolLM2-135M-Instruct");
  const need = memoryNeeded(models.find((each) => each.name.includes("SmolLM2-135M"))!);
  assert.ok(need > 1.7e9 && need < 2.1e9);
  assert.equal(name("answers", need - 1), undefined);
  assert.equal(name("labels", 1e8), undefined);
});
