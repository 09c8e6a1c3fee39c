import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test, type TestContext } from "node:test";
import { TorchProcess } from "../../src/engine/torch/torchProcess.ts";
import { EMBEDDED_BACKBONE, backboneFolder } from "../../src/backbone/backboneFolder.ts";
import type { Batch } from "../../src/backbone/batch.ts";
import { MethodInput } from "../../src/method/methodSpec.ts";
import type { Parameters as Trained } from "../../src/method/parameters.ts";
import { methodOf } from "../../src/method/registry.ts";
import { LocalModel } from "../../src/model/localModel.ts";
import { TORCH, withTorch } from "../golden/engines.ts";

const ROWS = 4;
const TOKENS = 40;
const batch: Batch = {
  rows: ROWS,
  sourceLength: 6,
  targetLength: 2,
  ids: Int32Array.from({ length: ROWS * 6 }, (_, i) => 5 + ((i * 37) % 900)),
  mask: new Float32Array(ROWS * 6).fill(1),
  labels: Int32Array.from({ length: ROWS * 2 }, (_, i) => 7 + i),
};

type Schema = Parameters<TorchProcess["call"]>[0];
type CallArguments = [schema: Schema, header: object, pieces?: readonly Uint8Array[]];

/** The call of a process as it is, before a test looks at it. */
const ofTorch = Object.getOwnPropertyDescriptor(TorchProcess.prototype, "call")!.value as (
  this: TorchProcess,
  ...given: CallArguments
) => Promise<[unknown, Buffer]>;

function opened(t: TestContext): { model: LocalModel; parameters: Trained } {
  const method = MethodInput.parse({ kind: "pt", promptLength: 3 });
  const model = LocalModel.open({
    folder: backboneFolder(EMBEDDED_BACKBONE),
    method,
    sizes: { promptLength: 3, count: 0 },
    engine: TORCH,
  });
  t.after(() => model.release());
  const parameters: Trained = new Map(
    methodOf(method.kind)
      .tensors(model.shape)
      .map(({ name, sizes, group }) => {
        const data = Float32Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i) / 4);
        return [name, { name, dims: sizes, group, data }];
      }),
  );
  return { model, parameters };
}

/** The Python processes that this process has started. */
function pythons(): number[] {
  const lines = execFileSync("ps", ["-eo", "pid,ppid,args"], { encoding: "utf8" }).split("\n");
  return lines
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((found) => found !== null && Number(found[2]) === process.pid && found[3]!.includes("adept_torch.py"))
    .map((found) => Number(found![1]));
}

withTorch("held tensors", () => {
  test("each tensor that decoding and scoring hold on the device is freed", async (t) => {
    const { model, parameters } = opened(t);
    const held = new Set<number>();
    t.mock.method(
      TorchProcess.prototype,
      "call",
      async function (this: TorchProcess, ...given: CallArguments): Promise<unknown> {
        const answer = await ofTorch.apply(this, given);
        const { results = [] } = answer[0] as { results?: { held?: number }[] };
        for (const { held: number } of results) if (number !== undefined) held.add(number);
        return answer;
      },
    );
    t.mock.method(TorchProcess.prototype, "free", (number: number) => {
      assert.ok(held.delete(number), `${number} is freed twice, or was never held`);
    });
    await model.generate(parameters, batch, 5);
    await model.predict(parameters, batch, 3);
    await model.scoreTargets(parameters, batch, [[5, 1], [6]]);
    assert.equal(held.size, 0);
  });

  test("a process that is killed in the middle of a decoding is started again, and the tokens are the same", async (t) => {
    const { model, parameters } = opened(t);
    const wanted = await model.generate(parameters, batch, TOKENS, { endless: true });
    const before = pythons();
    assert.equal(before.length, 1);
    let calls = 0;
    t.mock.method(
      TorchProcess.prototype,
      "call",
      function (this: TorchProcess, ...given: CallArguments): Promise<unknown> {
        if (++calls === 7) process.kill(before[0]!, "SIGKILL");
        return ofTorch.apply(this, given);
      },
    );
    assert.deepEqual(await model.generate(parameters, batch, TOKENS, { endless: true }), wanted);
    assert.notDeepEqual(pythons(), before);
    assert.ok(model.takeNotes().length > 0, "it is told");
  });
});
