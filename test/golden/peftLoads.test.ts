import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { MethodInput } from "../../src/experiment/methodSpec.ts";
import { MersenneTwister } from "../../src/experiment/random.ts";
import { saveAdapter } from "../../src/method/adapterFolder.ts";
import { initialise } from "../../src/method/initialise.ts";
import { resolveSizes } from "../../src/method/sizes.ts";
import { T5TunedModel } from "../../src/method/tunedModel.ts";
import { backboneLayout } from "../../src/training/prepare.ts";
import { readBatch, relativeDifference } from "./methodGolden.ts";
import { golden, withGoldens } from "./shared.ts";

const PYTHON = process.env["ADEPT_PYTHON"] ?? "python3";
const hasPeft = spawnSync(PYTHON, ["-c", "import peft, torch, transformers"], { stdio: "ignore" }).status === 0;
const METHODS = [{ kind: "pt", promptLength: 4, promptInit: "random" }, { kind: "lora", rank: 3, alpha: 7 }, { kind: "lora", rank: 2, targets: ["q", "k", "o", "wo"] }, { kind: "ia3" }, { kind: "ia3", targets: ["q", "v"], feedForward: ["wo", "wi", "wi_0"] }];

withGoldens("PEFT itself", () => {
  if (!hasPeft) { test(`PEFT itself is not installed for ${PYTHON}: ADEPT_PYTHON names a Python that has it`, () => { /* nothing to load with */ }); return; }
  for (const model of ["t5v10-tiny", "t5v11-tiny"]) {
    for (const input of METHODS) {
      test(`${model}: PEFT loads our ${JSON.stringify(input)} with the same logits`, async () => {
        const adapter = mkdtempSync(join(tmpdir(), "adept-peft-")), folder = golden("models", model), path = ["methods", model, "batch.json"];
        const spec = MethodInput.parse(input), sizes = resolveSizes(spec, backboneLayout(folder)), tuned = T5TunedModel.open({ folder, method: spec, sizes, threads: 1 });
        try {
          const random = new MersenneTwister(3);
          const source = { embedding: tuned.embedding, width: tuned.width, vocabularySize: tuned.vocabularySize, promptIds: [], weight: (name: string, dims: readonly number[]) => tuned.weight(name, dims) };
          const parameters = new Map([...initialise(tuned.shape, source, random)].map(([name, t]) => [name, { ...t, data: t.data.map((v) => v + 0.3 * random.normal()) }]));
          saveAdapter(adapter, { spec, sizes, parameters }, { backbone: folder, width: tuned.width });
          const theirs = JSON.parse(execFileSync(PYTHON, [join(import.meta.dirname, "peft_logits.py"), folder, adapter, golden(...path)], { encoding: "utf8", maxBuffer: 1e9, stdio: ["ignore", "pipe", "ignore"] })) as { dims: number[]; data: number[] };
          const { logits } = await tuned.forward(parameters, readBatch(path));
          assert.deepEqual([...logits.dims], theirs.dims);
          assert.ok(relativeDifference(logits.data, theirs.data) < 1e-4, String(relativeDifference(logits.data, theirs.data)));
        } finally { await tuned.release(); rmSync(adapter, { recursive: true }); }
      });
    }
  }
});
