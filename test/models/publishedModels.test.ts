import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readSafetensors } from "../../src/backbone/files/safetensors.ts";
import type { EngineSpec } from "../../src/engine/engineSpec.ts";
import { MethodInput } from "../../src/method/methodSpec.ts";
import { LocalModel } from "../../src/model/localModel.ts";
import { batchOf } from "./batchOfRows.ts";
import type { Case } from "./causalReferences.ts";

// Models in the files that older models were published in, and T5's other types, against PyTorch's numbers.
const LOGITS = 1e-4;
const LOSSES = 1e-5;
/** Two tokens nearer than this may change places by rounding. */
const NEAR_TIE = 1e-3;
const CPU: EngineSpec = { device: "cpu", threads: 1, replicas: 1 };
const method = MethodInput.parse({ kind: "lora", targets: ["none"] });

/** Made by test/models/prepare.sh; ADEPT_PUBLISHED names another folder, such as one of another seed. */
const MADE = join(process.env["ADEPT_PUBLISHED"] ?? join(import.meta.dirname, "../cache/published"), "models");
if (!existsSync(MADE)) throw new Error(`${MADE} is missing: run test/models/prepare.sh`);

const cache = mkdtempSync(join(tmpdir(), "adept-published-"));
process.env["ADEPT_CACHE"] = cache;
after(() => {
  rmSync(cache, { recursive: true });
});

for (const name of readdirSync(MADE).sort())
  test(`${name}: logits, losses and greedy tokens are PyTorch's`, async () => {
    const folder = join(MADE, name);
    const { rows, losses, greedy } = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as Case;
    const tensors = readSafetensors(join(folder, "expected.safetensors"));
    const tuned = LocalModel.open({ folder, method, sizes: { rank: 1, count: 0 }, engine: CPU });
    const batch = batchOf(rows);
    const { logits } = await tuned.forward(new Map(), batch);
    const vocabulary = logits.dims.at(-1)!;
    // An encoder-decoder has logits at every place of a padded target, a decoder-only model at its labels.
    const places = logits.dims.length === 3 ? logits.dims[1]! : undefined;
    let from = 0;
    for (const [row, { target }] of rows.entries()) {
      const right = tensors.get(`logits.${row}`)!.data;
      const start = places === undefined ? from : row * places * vocabulary;
      let worst = 0;
      for (let i = 0; i < target.length * vocabulary; i++)
        worst = Math.max(worst, Math.abs(logits.data[start + i]! - right[i]!));
      assert.ok(worst < LOGITS, `row ${row}: a logit is off by ${worst}`);
      from += right.length;
    }
    const { sum } = await tuned.losses(new Map(), batch);
    sum.forEach((loss, row) => {
      assert.ok(Math.abs(loss - losses[row]!) <= LOSSES * losses[row]!, `row ${row}: ${loss} for ${losses[row]}`);
    });
    const found = await tuned.generate(new Map(), batch, greedy[0]!.tokens.length);
    for (const [row, { tokens, margins }] of greedy.entries()) {
      const tie = margins.findIndex((margin) => margin < NEAR_TIE);
      const sure = Math.min(tie < 0 ? tokens.length : tie, found[row]!.length);
      assert.deepEqual(found[row]!.slice(0, sure), tokens.slice(0, sure), `row ${row}`);
    }
    await tuned.release();
  });
