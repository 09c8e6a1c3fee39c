import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { readExperiments } from "../../../src/experiment/readExperiment.ts";
import { RETRAINED } from "../../../src/experiment/retrained.ts";
import { resolveSizes } from "../../../src/method/sizes.ts";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import { backboneLayout } from "../../../src/training/prepare.ts";

function file(t: TestContext, value: object): string {
  const folder = mkdtempSync(join(tmpdir(), "adept-retrained-"));
  const path = join(folder, "x.adept.json");
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(path, JSON.stringify({ name: "x", task: { kind: "mail" }, ...value }));
  return path;
}
const adept = { kind: "adept" };
/** The cases of ADePT without options. */
const PLAIN = RETRAINED.filter((id) => !id.startsWith("A13"));

test("every retrained ablation is a run of its own at one budget, A11 alone outside it; rates only for the tensors it has", (t) => {
  const runs = readExperiments(
    file(t, {
      method: adept,
      seeds: [0, 1],
      training: { maxSourceLength: 96 },
      sweep: { budget: { promptTokens: 100 }, retrained: true },
    }),
    [],
    "s",
  );
  const layout = backboneLayout(backboneFolder("tiny-t5"));
  assert.deepEqual(
    runs.slice(0, PLAIN.length).map(({ part }) => part!.case),
    PLAIN,
  );
  assert.equal(runs.length, 2 * PLAIN.length);
  for (const { method, part } of runs) {
    const { count, promptLength } = resolveSizes(method, layout);
    if (part!.case === "A11") assert.ok(count > 1e6);
    else assert.ok(count <= 12_800 && count > 12_000, `${part!.case}: ${count}`);
    if (part!.case === "A2") assert.equal(promptLength, 0);
    if (part!.case === "A3") assert.equal(promptLength, 99);
    if (part!.case === "A7" || part!.case === "A12 hybrid")
      assert.equal((method as { positions: number }).positions, 96);
  }
  assert.deepEqual(Object.keys(runs[3]!.training.learningRate).sort(), ["constant", "prompt"]);
  assert.match(runs[1]!.name, /A1: prompt only, seed=0/);
});

test("some of them can be named; without a budget, with another method or beside methods they are refused", (t) => {
  const read = (value: object): unknown => readExperiments(file(t, value));
  assert.equal(readExperiments(file(t, { method: adept, sweep: { budget: 6400, retrained: ["A0", "A3"] } })).length, 2);
  assert.throws(() => read({ method: adept, sweep: { retrained: true } }), /no budget to match/);
  assert.throws(() => read({ method: { kind: "pt" }, sweep: { budget: 6400, retrained: true } }), /standard variant/);
  assert.throws(
    () => read({ method: adept, sweep: { budget: 6400, retrained: true, methods: [adept] } }),
    /exclude each other/,
  );
  assert.throws(() => read({ method: adept, sweep: { budget: 6400, retrained: ["A99"] } }), /retrained/);
});

test("few shots are drawn anew for each seed, unless the draw has its own; null leaves a key out", (t) => {
  const seeds = (shots: object): unknown[] =>
    readExperiments(file(t, { method: adept, task: { kind: "mail", shots }, seeds: [3, 4] })).map(
      ({ task }) => (task as { shots: { seed: number } }).shots.seed,
    );
  assert.deepEqual(
    [seeds({ k: 8 }), seeds({ k: 8, seed: 7 })],
    [
      [3, 4],
      [7, 7],
    ],
  );
  const runs = readExperiments(
    file(t, {
      method: { kind: "adept", offsetPenalty: 0.1 },
      sweep: { vary: { "method.offsetPenalty": [null, 0.5] } },
    }),
  );
  assert.deepEqual(
    runs.map(({ method }) => (method as { offsetPenalty?: number }).offsetPenalty),
    [undefined, 0.5],
  );
});

test("an option that the method has can be taken away, each by itself; one that it lacks is named", (t) => {
  const options = { offsetUnit: "embedding", gain: "vector", rateUnits: ["prompt"] };
  const sweep = { budget: { promptTokens: 100 }, retrained: true };
  const found = readExperiments(file(t, { method: { ...adept, ...options }, sweep })).filter(({ part }) =>
    part!.case!.startsWith("A13"),
  );
  const kept = ({ method }: (typeof found)[number]): unknown =>
    Object.fromEntries(Object.keys(options).map((key) => [key, (method as Record<string, unknown>)[key]]));
  assert.deepEqual(
    found.map((each) => [each.part!.case, kept(each)]),
    [
      ["A13 offsets not in units", { ...options, offsetUnit: undefined }],
      ["A13 rates not in units", { ...options, rateUnits: undefined }],
      ["A13 no gain", { ...options, gain: undefined }],
    ],
  );
  assert.throws(
    () => readExperiments(file(t, { method: adept, sweep: { ...sweep, retrained: ["A13 no gain"] } })),
    /"A13 no gain" takes away an option that `method` does not have/,
  );
});
