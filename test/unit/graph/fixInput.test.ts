import assert from "node:assert/strict";
import { test } from "node:test";
import { openEngine } from "../../../src/engine/openEngine.ts";
import { fixInput } from "../../../src/graph/fixInput.ts";
import { add, gather } from "../../../src/graph/ops.ts";
import { input, topological, type ConstantValue } from "../../../src/graph/value.ts";
import { MethodInput } from "../../../src/method/methodSpec.ts";
import { resolveSizes } from "../../../src/method/sizes.ts";
import { LocalModel } from "../../../src/model/localModel.ts";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import { backboneLayout } from "../../../src/training/prepare.ts";
import { CPU, onEngines, TFJS, withTensorFlow } from "../../golden/engines.ts";

const table = Float32Array.of(0, 1, 10, 11, 20, 21);
const fixed: ConstantValue = { kind: "constant", type: "float32", shape: [3, 2], data: table };

onEngines("an input that is fixed", (engine) => {
  test(`${engine.device}: gives the same results as feeding it, wherever it is read, and is no longer fed`, async () => {
    const ids = input("ids", ["B"], "int32");
    const whole = input("table", [3, 2]);
    const outputs = {
      rows: add(gather(whole, ids), gather(whole, ids)),
      twice: add(whole, whole),
      other: gather(input("more", [3, 2]), ids),
    };
    const feeds = { ids: { data: Int32Array.of(2, 0), dims: [2] }, more: { data: table, dims: [3, 2] } };
    const after = fixInput(outputs, "table", fixed);
    assert.deepEqual(
      topological(Object.values(after))
        .flatMap((value) => (value.kind === "input" ? [value.name] : []))
        .sort(),
      ["ids", "more"],
    );
    const run = async (graph: typeof after, fed: object) => {
      const program = await openEngine(engine).compile(graph, new Map());
      const found = await program.run({ ...feeds, ...fed });
      await program.release();
      return Object.entries(found).map(([name, { data }]) => [name, Array.from(data)]);
    };
    const found = await run(after, {});
    assert.deepEqual(found, await run(outputs, { table: { data: table, dims: [3, 2] } }));
    assert.deepEqual(found[0], ["rows", [40, 42, 0, 2]]);
  });
});

withTensorFlow("a folded table", () => {
  test("a folded table that is a constant gives the same results as one that is fed", async () => {
    const folder = backboneFolder("tiny-t5");
    const method = MethodInput.parse({ kind: "pt", promptLength: 3 });
    const sizes = resolveSizes(method, backboneLayout(folder));
    const plain = LocalModel.open({ folder, method, sizes, engine: CPU });
    const folded = plain.embedding.map((x, i) => x + Math.sin(i));
    const d = plain.width;
    const parameters = new Map([
      [
        "prompt",
        {
          name: "prompt",
          dims: [3, d],
          group: "prompt",
          data: Float32Array.from({ length: 3 * d }, (_, i) => Math.cos(i)),
        },
      ],
    ]);
    const batch = {
      rows: 2,
      sourceLength: 3,
      targetLength: 1,
      ids: Int32Array.of(5, 6, 7, 8, 9, 1),
      mask: new Float32Array(6).fill(1),
      labels: Int32Array.of(4, 5),
    };
    const [fed, held] = [CPU, TFJS].map((engine) => LocalModel.open({ folder, method, sizes, engine, folded }));
    const own = await fed!.input(parameters, batch);
    assert.deepEqual(await held!.input(parameters, batch), own);
    assert.notDeepEqual(own, await plain.input(parameters, batch));
    for (const model of [plain, fed!, held!]) await model.release();
  });
});
