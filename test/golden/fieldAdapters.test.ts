import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadAdapter } from "../../src/adapter/adapterFolder.ts";
import { openBackbone } from "../../src/backbone/openBackbone.ts";
import { UserError } from "../../src/base/errors.ts";
import { LocalModel } from "../../src/model/localModel.ts";
import { CPU } from "./engines.ts";
import { golden } from "./shared.ts";

const FIELD = process.env["ADEPT_FIELD"] ?? join(import.meta.dirname, "../../../shared/field");
const folder = golden("models", "t5v11-tiny");
const isThere = existsSync(join(FIELD, "adapters")) && existsSync(folder);

/** Mean losses of the batch below by PEFT 0.21.2 with PyTorch in fp32. */
const LOSSES = {
  bias_all: 9.135083198547363,
  exclude: 10.274161338806152,
  rank_pattern: 8.69252872467041,
  regex: 10.274161338806152,
  save_empty: 9.135083198547363,
};
const BATCH = {
  rows: 2,
  sourceLength: 5,
  targetLength: 3,
  ids: Int32Array.of(5, 17, 42, 8, 1, 9, 3, 1, 0, 0),
  mask: Float32Array.of(1, 1, 1, 1, 1, 1, 1, 1, 0, 0),
  labels: Int32Array.of(11, 4, 1, 6, 1, -100),
};

if (!isThere)
  test("adapters from the field: they are not beside this checkout", () => {
    /* nothing to read */
  });
else {
  const { layout } = openBackbone(folder);
  for (const [name, expected] of Object.entries(LOSSES))
    test(`${name}: the loss is PEFT's`, async () => {
      const { spec, sizes, parameters } = loadAdapter(join(FIELD, "adapters", name), layout);
      const model = LocalModel.open({ folder, method: spec, sizes, engine: CPU });
      try {
        const { sum } = await model.losses(parameters, BATCH);
        const loss = (sum[0]! + sum[1]!) / 5;
        assert.ok(Math.abs(loss / expected - 1) < 1e-5, `${loss} for ${expected}`);
      } finally {
        await model.release();
      }
    });

  test("pissa_init: its key is refused with PEFT's conversion", () => {
    assert.throws(
      () => loadAdapter(join(FIELD, "adapters", "pissa_init"), layout),
      (error) =>
        error instanceof UserError &&
        error.message.includes('"init_lora_weights" is "pissa"') &&
        (error.action ?? "").includes("path_initial_model_for_weight_conversion"),
    );
  });
}
