import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { saveAdapter } from "../../src/adapter/adapterFolder.ts";
import { openBackbone } from "../../src/backbone/openBackbone.ts";
import { MersenneTwister } from "../../src/base/random.ts";
import { MethodInput } from "../../src/method/methodSpec.ts";
import { resolveSizes } from "../../src/method/sizes.ts";
import { lastPart } from "../../src/method/target.ts";
import { initialise } from "../../src/model/initialise.ts";
import { LocalModel } from "../../src/model/localModel.ts";
import { modelFolder } from "../models/causalReferences.ts";
import { pythonAnswers } from "./pythonAnswers.ts";

const TOLERANCE = 1e-4;
/** A T5; layers with biases stored as (in, out); a fused projection; a head that is the table of tokens. */
const BACKBONES = [
  join(import.meta.dirname, "../../models/tiny-t5"),
  ...["gpt2", "phi3-window", "qwen2"].map((name) => modelFolder(name)),
].filter((folder) => existsSync(folder));
const TEXT = [5, 17, 42, 8, 91, 60];
const TARGET = [11, 4, 70];

const peft = pythonAnswers<{ loss: number; gradients: Record<string, number[]> }>("peft_gradients.py");

for (const folder of BACKBONES)
  test(`${basename(folder)}: DoRA's loss and every gradient are PEFT's, the norm a constant to them`, async (t) => {
    const adapter = mkdtempSync(join(tmpdir(), "adept-gradients-"));
    t.after(() => {
      rmSync(adapter, { recursive: true });
    });
    const { layout } = openBackbone(folder);
    const names = layout.linears
      .filter(({ module }) => module !== layout.head.module)
      .map(({ module }) => lastPart(module));
    const spec = MethodInput.parse({ kind: "lora", rank: 2, alpha: 5, targets: [...new Set(names)], dora: true });
    const sizes = resolveSizes(spec, layout);
    const model = LocalModel.open({ folder, method: spec, sizes, engine: { device: "cpu", threads: 1, replicas: 1 } });
    try {
      const random = new MersenneTwister(3);
      const source = {
        embedding: (id: number) => model.embeddings.row(id),
        width: model.width,
        vocabularySize: model.vocabularySize,
        promptIds: [],
        weight: (name: string, dims: readonly number[]) => model.weight(name, dims),
      };
      const parameters = new Map(
        [...initialise(model.shape, source, random)].map(([name, each]) => [
          name,
          { ...each, data: each.data.map((v) => v + 0.1 * random.normal()) },
        ]),
      );
      saveAdapter(adapter, { spec, sizes, parameters }, { backbone: folder, layout });
      const expected = await peft(folder, adapter, JSON.stringify([TEXT, TARGET]));
      const batch = {
        rows: 1,
        sourceLength: TEXT.length,
        targetLength: TARGET.length,
        ids: Int32Array.from(TEXT),
        mask: new Float32Array(TEXT.length).fill(1),
        labels: Int32Array.from(TARGET),
      };
      const { loss, gradients } = await model.step(parameters, batch, { lossScale: 1 / TARGET.length });
      assert.ok(Math.abs(loss - expected.loss) < TOLERANCE * expected.loss, `${loss} for ${expected.loss}`);
      assert.deepEqual([...gradients.keys()].sort(), Object.keys(expected.gradients).sort());
      const all = Object.values(expected.gradients).flat();
      const largest = all.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      for (const [name, theirs] of Object.entries(expected.gradients)) {
        const own = gradients.get(name)!;
        const apart = theirs.reduce((most, value, i) => Math.max(most, Math.abs(value - own[i]!)), 0);
        const size = theirs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        assert.ok(apart <= TOLERANCE * size + 1e-6 * largest, `${name}: ${apart} of ${size}`);
      }
    } finally {
      await model.release();
    }
  });
