import assert from "node:assert/strict";
import { test } from "node:test";
import { readSafetensors } from "../../src/backbone/files/safetensors.ts";
import { loadAdapter } from "../../src/adapter/adapterFolder.ts";
import { LocalModel } from "../../src/model/localModel.ts";
import { backboneLayout } from "../../src/training/prepare.ts";
import { readBatch, relativeDifference } from "./methodGolden.ts";
import { golden, withGoldens } from "./shared.ts";

withGoldens("PEFT folders", () => {
  for (const model of ["t5v10-tiny", "t5v11-tiny"]) {
    for (const [method, peft] of [
      ["pt", "peft"],
      ["pt", "peft-two-submodules"],
      ["lora", "peft"],
      ["ia3", "peft"],
    ] as const) {
      test(`${model} ${method}/${peft}: a folder that PEFT wrote gives PEFT's logits`, async () => {
        const folder = golden("models", model);
        const { spec, sizes, parameters } = loadAdapter(golden("methods", model, method, peft), backboneLayout(folder));
        const tuned = LocalModel.open({
          folder,
          method: spec,
          sizes,
          engine: { device: "cpu", threads: 1, replicas: 1 },
        });
        const { logits } = await tuned.forward(parameters, readBatch(["methods", model, "batch.json"]));
        const expected = readSafetensors(golden("methods", model, method, "output.safetensors")).get("logits")!;
        assert.ok(relativeDifference(logits.data, expected.data) < 1e-4);
        await tuned.release();
      });
    }
  }
});
