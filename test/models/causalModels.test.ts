import assert from "node:assert/strict";
import { test } from "node:test";
import type { EngineSpec } from "../../src/engine/engineSpec.ts";
import { MethodInput, type MethodSpec } from "../../src/method/methodSpec.ts";
import type { Parameters } from "../../src/method/parameters.ts";
import { methodOf } from "../../src/method/registry.ts";
import type { MethodSizes } from "../../src/method/sizes.ts";
import { LocalModel } from "../../src/model/localModel.ts";
import { CPU, TORCH, withTorch } from "../golden/engines.ts";
import { relativeDifference } from "../golden/methodGolden.ts";
import { batchOf } from "./batchOfRows.ts";
import { expectedOf, madeModels, modelFolder, tensorsOf, type Case } from "./causalReferences.ts";

// Small random models of every decoder-only family and layout, made by transformers, against PyTorch's numbers.
const LOGITS = 1e-4;
const LOSSES = 1e-5;
const GRADIENTS = 1e-4;
/** Two tokens nearer than this may change places by rounding. */
const NEAR_TIE = 1e-3;
const NOTHING = { method: MethodInput.parse({ kind: "lora", targets: ["none"] }), sizes: { rank: 1, count: 0 } };

interface Tuned {
  method: MethodSpec;
  sizes: MethodSizes;
  engine: EngineSpec;
}

const open = (model: string, options: Tuned): LocalModel => LocalModel.open({ folder: modelFolder(model), ...options });

interface Checked {
  tuned: LocalModel;
  parameters: Parameters;
  /** The rows whose numbers are checked, and where their logits are. */
  name: string;
  expected: Case;
  logits: (row: number) => Float32Array;
}

/** Logits and losses of the rows in one batch, and losses of their targets where the text is read first. */
async function forwardIsTheirs({ tuned, parameters, name, expected, logits }: Checked): Promise<void> {
  const batch = batchOf(expected.rows);
  const own = (await tuned.forward(parameters, batch)).logits;
  const vocabulary = own.dims.at(-1)!;
  // The logits of the labels, one behind the other.
  let from = 0;
  for (const [row, { target }] of expected.rows.entries()) {
    const data = logits(row);
    for (let i = 0; i < target.length * vocabulary; i++) {
      const difference = Math.abs(own.data[from + i]! - data[i]!);
      assert.ok(difference < LOGITS, `${name}, row ${row}, token ${Math.floor(i / vocabulary)}: off by ${difference}`);
    }
    from += data.length;
  }
  assert.equal(own.data.length, from);
  const { sum, tokens } = await tuned.losses(parameters, batch);
  assert.deepEqual(
    tokens,
    expected.rows.map(({ target }) => target.length),
  );
  const isNear = (found: number, right: number): boolean => Math.abs(found - right) <= LOSSES * right;
  sum.forEach((loss, row) => {
    assert.ok(isNear(loss, expected.losses[row]!), `${name}, row ${row}: loss ${loss} for ${expected.losses[row]}`);
  });
  const scored = await tuned.predict(parameters, batch, 1);
  for (const [row, { target }] of expected.rows.entries()) {
    const right = expected.scores[row]!;
    const alone = (await tuned.scoreTargets(parameters, batch, [target]))[row]![0]!;
    for (const score of [alone, scored.sum[row]!])
      assert.ok(isNear(score, right), `${name}, row ${row}: scored ${score} for ${right}`);
  }
}

/** Tokens up to the first near-tie, from which on another token would have been as right. */
async function greedyIsTheirs({ tuned, parameters, name, expected }: Checked, maxTokens: number): Promise<void> {
  const found = await tuned.generate(parameters, batchOf(expected.rows), maxTokens);
  for (const [row, { tokens, margins }] of expected.greedy.entries()) {
    const tie = margins.findIndex((margin) => margin < NEAR_TIE);
    const sure = tie < 0 ? tokens.length : tie;
    assert.deepEqual(found[row]!.slice(0, sure), tokens.slice(0, sure), `${name}, row ${row}`);
    if (tie < 0) assert.equal(found[row]!.length, tokens.length, `${name}, row ${row}: it ends there`);
  }
}

async function bareIsTheirs(model: string, engine: EngineSpec): Promise<void> {
  const { maxTokens, cases } = expectedOf(model);
  const tensors = tensorsOf(model);
  const tuned = open(model, { ...NOTHING, engine });
  for (const name of ["short", "long"] as const) {
    const checked: Checked = {
      tuned,
      parameters: new Map(),
      name,
      expected: cases[name],
      logits: (row) => tensors.get(`${name}.logits.${row}`)!.data,
    };
    await forwardIsTheirs(checked);
    await greedyIsTheirs(checked, maxTokens);
  }
  await tuned.release();
}

async function adeptIsTheirs(model: string, engine: EngineSpec): Promise<void> {
  const { prompt, bottleneck, maxTokens, cases, adeptLoss } = expectedOf(model);
  const tensors = tensorsOf(model);
  const method = MethodInput.parse({ kind: "adept" });
  const tuned = open(model, { method, sizes: { promptLength: prompt, bottleneck, count: 0 }, engine });
  const parameters: Parameters = new Map(
    methodOf(method.kind)
      .tensors(tuned.shape)
      .map(({ name, sizes, group }) => [name, { name, dims: sizes, group, data: tensors.get(`adept.${name}`)!.data }]),
  );
  const checked: Checked = {
    tuned,
    parameters,
    name: "adept",
    expected: cases.adept,
    logits: (row) => tensors.get(`adept.logits.${row}`)!.data,
  };
  await forwardIsTheirs(checked);
  const batch = batchOf(cases.adept.rows);
  const lossScale = 1 / batch.labels.filter((id) => id >= 0).length;
  const { loss, gradients } = await tuned.step(parameters, batch, { lossScale });
  assert.ok(Math.abs(loss / adeptLoss - 1) < LOSSES, `loss ${loss} for ${adeptLoss}`);
  assert.deepEqual([...gradients.keys()].sort(), [...parameters.keys()].sort());
  for (const [name, gradient] of gradients) {
    const difference = relativeDifference(gradient, tensors.get(`gradient.${name}`)!.data);
    assert.ok(difference < GRADIENTS, `gradient of ${name}: off by ${difference}`);
  }
  await greedyIsTheirs(checked, maxTokens);
  await tuned.release();
}

function modelIsTheirs(model: string, engine: EngineSpec): void {
  const { device } = engine;
  test(`${device}: ${model}: logits, losses and greedy tokens are PyTorch's`, () => bareIsTheirs(model, engine));
  test(`${device}: ${model}: with ADePT, logits, losses, greedy tokens and every gradient are PyTorch's`, () =>
    adeptIsTheirs(model, engine));
}

for (const model of madeModels()) {
  const { mistakes, rounding } = expectedOf(model);
  modelIsTheirs(model, CPU);
  test(`${model}: a rule left out would be seen`, () => {
    assert.ok(rounding < LOGITS / 2, `rounding alone is ${rounding}`);
    for (const [mistake, size] of Object.entries(mistakes)) assert.ok(size > 10 * LOGITS, `${mistake}: only ${size}`);
  });
}

withTorch("decoder-only models", () => {
  for (const model of madeModels()) modelIsTheirs(model, TORCH);
});
