import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { writeSafetensors } from "../../../src/backbone/files/safetensors.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const V = 5;
const D = 3;

/** A family in one file: the sum of all that is read, times the table. */
const FAMILY = `
import { add, gather, matmul, reduceSum, reshape } from "../graph/ops.ts";
import { input } from "../graph/value.ts";
import type { Family } from "./family.ts";
import { tensor } from "./feeds.ts";
import { UNCHANGED } from "./changes.ts";
import { inputOf } from "./sequenceGraph.ts";
import type { InputEmbedding, SequenceGraph } from "./sequenceGraph.ts";

const later = (): never => {
  throw new Error("a later step");
};
const TABLE = "table.weight";

export const tally: Family = {
  modelTypes: ["tally"],
  read(file) {
    const { vocabulary, width } = file.json as { vocabulary: number; width: number };
    return {
      config: { vocabulary, width },
      layout: {
        isCausal: false,
        width,
        vocabulary,
        embedding: TABLE,
        head: { module: "head", tied: true },
        linears: [],
        norms: [],
        sublayers: [],
        defaultTargets: { lora: [], ia3: { outputs: [], inputs: [] } },
        weights: [{ name: TABLE, dims: [vocabulary, width], role: "embedding" }],
      },
      graph(changes): SequenceGraph {
        const table = { ...UNCHANGED, ...changes }.weight(TABLE, [vocabulary, width]);
        const tokens = { ids: input("ids", ["B", "S"], "int32"), places: input("places", ["S"], "int32") };
        return {
          table,
          tokens,
          text: tokens,
          labelShape: ["B", "T"],
          embedded: (ids) => gather(table, ids),
          plan: () => "",
          forward(embedding: InputEmbedding) {
            const states = inputOf(embedding, tokens);
            const sum = reshape(reduceSum(states, [1]), ["B", 1, width]);
            const read = add(gather(table, input("read", ["B", "T"], "int32")), sum);
            return { logits: matmul(read, table, { transB: true }), states };
          },
          prefill: later,
          resume: later,
          step: later,
        };
      },
      feeds: {
        source: later,
        whole: ({ ids, labels, rows, sourceLength, targetLength }) => ({
          ids: tensor(ids, rows, sourceLength),
          places: tensor(Int32Array.from({ length: sourceLength }, (_, i) => i), sourceLength),
          read: tensor(labels.map((_, at) => (at % targetLength === 0 ? 0 : labels[at - 1]!)), rows, targetLength),
          labels: tensor(labels, rows, targetLength),
        }),
        target: later,
        embedded: ({ ids, mask, sourceLength }) => ({ ids, mask, columns: sourceLength }),
        losses: (values) => values,
        kept: later,
        decoding: later,
      },
    };
  },
  foldedReadme: later,
};
`;

/** What the copy runs: losses and gradients of a prompt before the new family's model. */
const RUN = `
import { MethodInput } from "./src/method/methodSpec.ts";
import { LocalModel } from "./src/model/localModel.ts";

const method = MethodInput.parse({ kind: "pt", promptLength: 1 });
const engine = { device: "cpu", threads: 1, replicas: 1 } as const;
const model = LocalModel.open({ folder: process.argv[2]!, method, sizes: { promptLength: 1, count: 3 }, engine });
const prompt = { name: "prompt", dims: [1, 3], group: "prompt", data: Float32Array.of(0.1, 0.2, 0.3) };
const batch = {
  rows: 1,
  sourceLength: 2,
  targetLength: 2,
  ids: Int32Array.of(1, 2),
  mask: Float32Array.of(1, 1),
  labels: Int32Array.of(3, 4),
};
const { loss, gradients } = await model.step(new Map([["prompt", prompt]]), batch, { lossScale: 1 });
console.log(JSON.stringify({ loss, gradients: [...gradients.keys()] }));
await model.release();
`;

const filesIn = (folder: string): Map<string, string> =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]),
  );

/** The loss by hand: each target token's cross-entropy under the table times the sum of what is read. */
function expectedLoss(table: Float32Array): number {
  const row = (id: number): number[] => [...table.subarray(id * D, (id + 1) * D)];
  const plus = (a: number[], b: number[]): number[] => a.map((x, i) => x + b[i]!);
  const sum = plus(plus([0.1, 0.2, 0.3], row(1)), row(2));
  return [
    [0, 3],
    [3, 4],
  ].reduce((total, [before, label]) => {
    const read = plus(sum, row(before!));
    const logits = Array.from({ length: V }, (_, id) => row(id).reduce((dot, x, i) => dot + x * read[i]!, 0));
    return total + Math.log(logits.reduce((all, x) => all + Math.exp(x), 0)) - logits[label!]!;
  }, 0);
}

test("a family is one file and its entry in the registry: nothing else changes, and its models run", (t) => {
  const place = mkdtempSync(join(tmpdir(), "adept-family-"));
  t.after(() => {
    rmSync(place, { recursive: true });
  });
  const sources = join(place, "src");
  const model = join(place, "model");
  cpSync(join(ROOT, "src"), sources, { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(place, "node_modules"), "junction");
  writeFileSync(join(place, "package.json"), JSON.stringify({ type: "module" }));
  mkdirSync(model);
  const table = Float32Array.from({ length: V * D }, (_, i) => Math.sin(i + 1));
  writeSafetensors(join(model, "model.safetensors"), new Map([["table.weight", { dims: [V, D], data: table }]]));
  writeFileSync(join(model, "config.json"), JSON.stringify({ model_type: "tally", vocabulary: V, width: D }));
  writeFileSync(join(place, "run.ts"), RUN);

  const run = () => spawnSync(process.execPath, ["--import", "tsx", "run.ts", model], { cwd: place, encoding: "utf8" });
  assert.match(run().stderr, /model type "tally" is not supported/);

  writeFileSync(join(sources, "backbone/tally.ts"), FAMILY);
  const registry = join(sources, "backbone/families.ts");
  const before = readFileSync(registry, "utf8");
  writeFileSync(registry, `import { tally } from "./tally.ts";\n${before.replace("= [", "= [tally, ")}`);

  const { stdout, stderr } = run();
  assert.notEqual(stdout, "", stderr);
  const { loss, gradients } = JSON.parse(stdout) as { loss: number; gradients: string[] };
  const expected = expectedLoss(table);
  assert.ok(Math.abs(loss / expected - 1) < 1e-5, `loss ${loss} for ${expected}`);
  assert.deepEqual(gradients, ["prompt"]);
  const own = filesIn(join(ROOT, "src"));
  const changed = [...filesIn(sources)].filter(([name, text]) => own.get(name) !== text).map(([name]) => name);
  assert.deepEqual(changed.sort(), [join("backbone", "families.ts"), join("backbone", "tally.ts")].sort());
});
