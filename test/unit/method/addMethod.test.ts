import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const ROOT = join(import.meta.dirname, "../../..");

/** A method that nobody has: E' = E + (E A) B, with a size, learning-rate groups and a component of its own names. */
const METHOD = `
import * as z from "zod";
import { add, matmul } from "../graph/ops.ts";
import { kaiming, zeros } from "./draw.ts";
import { hostProduct } from "./hostProduct.ts";
import type { Method } from "./method.ts";
import { budget, positive, source } from "./options.ts";
import { ownPeftForm } from "./ownPeftForm.ts";
import { valuesOf } from "./parameters.ts";

const kind = "turn";
const schema = z.strictObject({
  kind: z.literal(kind),
  source,
  pieces: positive.optional().describe("Pieces of the turn"),
  budget,
});

export const turn: Method<typeof schema, "pieces", "inward" | "outward"> = {
  kind,
  summary: "turn: embeddings turned by a matrix of few pieces",
  schema,
  sizes: { pieces: { default: 3, least: 1 } },
  groups: {
    inward: { rate: 0.002, description: "turn: into the pieces" },
    outward: { rate: 0.004, description: "turn: out of the pieces" },
  },
  tensors: ({ sizes: { pieces }, layout: { width } }) => [
    { name: "in", dims: [width, pieces], sizes: [width, pieces], group: "inward" },
    { name: "out", dims: [pieces, width], sizes: [pieces, width], group: "outward" },
  ],
  initial: ({ name, sizes }, _, __, random) => (name === "in" ? kaiming(sizes, sizes[1]!, random) : zeros(sizes)),
  embed: (embedded, { parameter }) =>
    add(embedded, matmul(matmul(embedded, parameter("in")), parameter("out"))),
  switches: { "turn-off": { zero: ["out"], empty: [] } },
  isInputSide: true,
  offsets: () => ({ tokens: "embedding", group: "outward" }),
  peft: ownPeftForm("TURN", { kind, schema }, { pieces: "bottleneck" }),
  fold: {
    tokenOffsets({ sizes: { pieces }, parameters }, { rows: table, width }) {
      const rows = table.length / width;
      const inner = hostProduct(table, valuesOf(parameters, "in"), { rows, inner: width, columns: pieces });
      return hostProduct(inner, valuesOf(parameters, "out"), { rows, inner: pieces, columns: width });
    },
  },
};
`;

/** What the rest of the program makes of it; its last line is a JSON object. */
const DRIVER = `
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadAdapter, saveAdapter } from "./src/adapter/adapterFolder.ts";
import { writeFoldedFolder } from "./src/adapter/foldedFolder.ts";
import { backboneFolder } from "./src/backbone/backboneFolder.ts";
import { analysesOf } from "./src/experiment/analysesOf.ts";
import { experimentJsonSchema } from "./src/experiment/jsonSchema.ts";
import { readExperiment } from "./src/experiment/readExperiment.ts";
import { regularisationOf } from "./src/method/regularisation.ts";
import { components } from "./src/model/initialise.ts";
import { initialState, trainLoop } from "./src/training/loop.ts";
import { prepare } from "./src/training/prepare.ts";

const experiment = readExperiment("turn.adept.json");
const prepared = await prepare(experiment);
const { model, sizes, initial } = prepared;
const losses: number[] = [];
const { state } = await trainLoop(initialState(initial), {
  model,
  training: experiment.training,
  seed: experiment.seed,
  examples: prepared.train,
  isCausal: model.layout.isCausal,
  hidden: { units: 0, dropout: regularisationOf(experiment.method).hiddenDropout },
  metric: "accuracy",
  evaluate: () => Promise.resolve(undefined),
  save: () => undefined,
  emit: (event) => {
    if (event.type === "step") losses.push(event.loss);
  },
  stopRequested: () => false,
  now: () => 0,
});
const { layout } = model;
saveAdapter("adapter", { spec: experiment.method, sizes, parameters: state.parameters }, { backbone: "tiny-t5", layout });
const loaded = loadAdapter("adapter", layout);
const same = [...state.parameters].every(([name, { data }]) => data.every((x, i) => x === loaded.parameters.get(name)!.data[i]));
const folded = writeFoldedFolder(".", loaded, backboneFolder("tiny-t5")).input;
await model.release();
console.log(
  JSON.stringify({
    rates: experiment.training.learningRate,
    budget: (experiment.method as { budget?: number }).budget,
    width: layout.width,
    sizes,
    losses,
    moved: [...state.parameters.values()].map(({ data }, i) => data.some((x, j) => x !== [...initial.values()][i]!.data[j])),
    loaded: loaded.sizes,
    same,
    folded,
    analyses: analysesOf("turn"),
    ablations: components("turn", state.parameters),
    inSchema: JSON.stringify(experimentJsonSchema()).includes("Pieces of the turn"),
  }),
);
`;

/** The files below a folder with their text. */
function filesOf(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true }).map(String);
  return new Map(
    names
      .filter((name) => statSync(join(folder, name)).isFile())
      .map((name) => [name, readFileSync(join(folder, name), "utf8")]),
  );
}

/** The project's sources again, with the method in it: its file, and its import and entry in the registry. */
function copyWithMethod(): string {
  const copy = mkdtempSync(join(tmpdir(), "adept-added-method-"));
  cpSync(join(ROOT, "src"), join(copy, "src"), { recursive: true });
  for (const name of ["node_modules", "models"]) symlinkSync(join(ROOT, name), join(copy, name));
  cpSync(join(ROOT, "package.json"), join(copy, "package.json"));
  cpSync(join(ROOT, "tsconfig.json"), join(copy, "tsconfig.base.json"));
  writeFileSync(
    join(copy, "tsconfig.json"),
    JSON.stringify({
      extends: "./tsconfig.base.json",
      include: ["src/method", "src/adapter", "src/training", "driver.ts"],
    }),
  );
  writeFileSync(join(copy, "src/method/turn.ts"), METHOD);
  writeFileSync(join(copy, "driver.ts"), DRIVER);
  const registry = join(copy, "src/method/registry.ts");
  const text = readFileSync(registry, "utf8");
  writeFileSync(
    registry,
    `import { turn } from "./turn.ts";\n${text.replace("full] as const", "full, turn] as const")}`,
  );
  const words = ["river", "stone", "light", "paper", "green", "seven"];
  const rows = Array.from({ length: 24 }, (_, i) => ({
    text: `${words[i % 6]} ${words[(i * 5 + 1) % 6]}`,
    label: i % 2 === 0 ? "yes" : "no",
  }));
  writeFileSync(join(copy, "data.jsonl"), rows.map((row) => JSON.stringify(row)).join("\n"));
  writeFileSync(
    join(copy, "turn.adept.json"),
    JSON.stringify({
      name: "turn",
      task: { kind: "file", train: "data.jsonl", source: "{text}", target: "{label}" },
      method: { kind: "turn", budget: 1300 },
      engine: { device: "cpu", threads: 1, replicas: 1 },
      training: { steps: 2, batchSize: 4, warmup: 1, maxSourceLength: 16, learningRate: { outward: 0.01 } },
    }),
  );
  return copy;
}

const run = (copy: string, args: string[]): string => {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
  return stdout;
};

test("a method is one file and its place in the registry: read, solved, trained, saved, loaded, folded and analysed", () => {
  const copy = copyWithMethod();
  try {
    const before = filesOf(join(ROOT, "src"));
    const after = filesOf(join(copy, "src"));
    const changed = [...after].filter(([name, text]) => before.get(name) !== text).map(([name]) => name);
    assert.deepEqual(changed.sort(), [join("method", "registry.ts"), join("method", "turn.ts")]);

    run(copy, [join(ROOT, "node_modules/typescript/bin/tsc"), "--noEmit", "-p", "tsconfig.json"]);
    const told = JSON.parse(run(copy, ["--import", "tsx", "driver.ts"]).trim().split("\n").at(-1)!) as {
      rates: object;
      budget: number;
      width: number;
      sizes: { pieces: number; count: number };
      losses: number[];
      moved: boolean[];
      loaded: object;
      same: boolean;
      folded: string[];
      analyses: string[];
      ablations: string[];
      inSchema: boolean;
    };
    const pieces = Math.floor(told.budget / (2 * told.width));
    assert.deepEqual(told.rates, { inward: 0.002, outward: 0.01 });
    assert.deepEqual(told.sizes, { pieces, count: pieces * 2 * told.width });
    assert.equal(told.losses.length, 2);
    assert.ok(told.losses.every(Number.isFinite));
    // `in` has no gradient while `out` is 0, and the first of the steps has a learning rate of 0.
    assert.deepEqual(told.moved, [false, true]);
    assert.deepEqual([told.loaded, told.same], [told.sizes, true]);
    assert.deepEqual(told.folded, ["embedding"]);
    assert.deepEqual(told.analyses, ["ablation", "offsets", "position-shift", "specificity", "latency", "stability"]);
    assert.deepEqual(told.ablations, ["turn-off"]);
    assert.ok(told.inSchema, "completion offers it");
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
});
