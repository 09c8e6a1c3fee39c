import assert from "node:assert/strict";
import { test } from "node:test";
import { english } from "../../../src/base/phrase.ts";
import { UserError } from "../../../src/base/errors.ts";
import { experimentsOf } from "../../../src/experiment/readExperiment.ts";
import { resolveSizes } from "../../../src/method/sizes.ts";
import { backboneFolder } from "../../../src/backbone/backboneFolder.ts";
import { fitMemory } from "../../../src/training/memory/fitMemory.ts";
import { largestEvaluated, largestTrained } from "../../../src/training/memory/largestParts.ts";
import { backboneShape, memoryNeed, type MemoryInput } from "../../../src/training/memory/memoryNeed.ts";

const backbone = backboneShape(backboneFolder("tiny-t5"));
const rows = (...lengths: number[]) =>
  lengths.map((length) => ({ ids: new Array<number>(length).fill(5), labels: [5, 1] }));
function run(engine: object = {}, lengths = [300, 300, 300, 300, 20, 20, 20, 20]): MemoryInput {
  const experiment = experimentsOf(
    "x.adept.json",
    JSON.stringify({
      name: "x",
      task: { kind: "mail" },
      method: { kind: "pt", promptLength: 10 },
      engine: { device: "cpu", ...engine },
      training: { batchSize: 8, accumulation: 2 },
    }),
  )[0]!;
  return {
    experiment,
    backbone,
    sizes: resolveSizes(experiment.method, backbone.architecture.layout),
    train: rows(...lengths),
    evaluated: rows(...lengths),
  };
}
const refused = (given: MemoryInput, have: Parameters<typeof fitMemory>[2]): UserError => {
  try {
    fitMemory(given, 2, have);
  } catch (error) {
    assert.ok(error instanceof UserError);
    return error;
  }
  throw new Error("it fits");
};

test("the embedded backbone lies in half precision", () => {
  assert.equal(backbone.storedBytes, 2);
});

test("the largest parts are those of the longest rows, padded within the part and cut to the input limit", () => {
  const train = rows(...new Array<number>(60).fill(20), 500, 500, 90, 90);
  const trained = largestTrained(
    train,
    { batchSize: 32, seed: 0, partTokens: undefined },
    { prompt: 10, longest: Infinity, isCausal: false },
  );
  assert.ok(
    trained.some(({ source, rows: count }) => source === 500 && count <= 2),
    JSON.stringify(trained),
  );
  assert.ok(
    trained.every(({ rows: count, source }) => count * (10 + source) <= 2 * 768),
    JSON.stringify(trained),
  );
  assert.ok(
    largestTrained(
      train,
      { batchSize: 32, seed: 0, partTokens: undefined },
      { prompt: 10, longest: 64, isCausal: false },
    ).every(({ source }) => source <= 64),
  );
  assert.deepEqual(
    largestTrained(
      train,
      { batchSize: 64, seed: 0, partTokens: 1e6 },
      { prompt: 10, longest: Infinity, isCausal: false },
    )[0],
    { rows: 64, source: 500, target: 2 },
    "one part where parts are large",
  );
  const evaluated = largestEvaluated(
    rows(...new Array<number>(64).fill(500)),
    { batchSize: 64, copies: 1 },
    { prompt: 10, longest: Infinity, isCausal: false },
  );
  assert.ok(evaluated[0]!.rows * 510 <= 6144 + 510, "an evaluated batch of long inputs is parted too");
  assert.deepEqual(
    largestEvaluated(
      rows(...new Array<number>(64).fill(70)),
      { batchSize: 64, copies: 2 },
      { prompt: 10, longest: Infinity, isCausal: false },
    )[0]!.rows,
    32,
  );
});

test("the number of copies is reduced one by one, and no more than needed", () => {
  const need = [1, 2, 3, 4].map((copies) => memoryNeed(run(), { copies }).host);
  assert.equal(fitMemory(run(), 4, { host: need[3]! }).copies, 4);
  assert.equal(fitMemory(run(), 4, { host: need[3]! - 1 }).copies, 3);
  assert.deepEqual(
    [fitMemory(run(), 4, { host: need[0]! }).copies, fitMemory(run(), 4, { host: need[0]! }).forecast.host],
    [1, need[0]],
  );
  assert.equal(fitMemory(run(), 4, { host: 100 * need[3]! }).less, undefined, "plenty");
  assert.match(english(fitMemory(run(), 4, { host: need[3]! }).less ?? ""), /^engine\.replicas 1 would need \d+ MB$/);
});

test("a run that does not fit is refused with the longest inputs that would fit, unless memory is ignored", () => {
  const need = (maxSourceLength: number): number =>
    memoryNeed(run(), { copies: 1, maxSourceLength, recomputed: true }).host;
  const error = refused(run(), { host: need(192) });
  assert.match(error.message, /^Training needs \d+ MB of memory, this machine has \d+ MB free$/);
  assert.match(
    error.action!,
    new RegExp(`training\\.maxSourceLength 192 would need ${Math.round(need(192) / 1e6)} MB; a smaller backbone`),
  );
  assert.match(
    refused(run(), { host: need(192) - 1 }).action!,
    /; training\.maxSourceLength 128 |^training\.maxSourceLength 128 /,
  );
  assert.match(
    refused(run(), { host: 1e6 }).action!,
    /^its weights alone take \d+ MB: use a smaller backbone\. "engine": \{ "memory": "ignore" \}/,
  );
  assert.equal(fitMemory(run({ memory: "ignore" }), 2, { host: 1e6 }).copies, 2);
});

test("less is needed without copies of the weights, which the message suggests first", () => {
  const lengths = new Array<number>(8).fill(20);
  const spare = memoryNeed(run({}, lengths), { copies: 1, spare: true }).host;
  const packed = memoryNeed(run({}, lengths), { copies: 1 }).host;
  assert.ok(spare < 0.9 * packed, `${spare} of ${packed}`);
  assert.match(
    refused(run({}, lengths), { host: spare }).action!,
    new RegExp(
      `^"engine": \\{ "memory": "spare" \\}, whose steps take about a tenth more time, would need ${Math.round(spare / 1e6)} MB; `,
    ),
  );
  assert.equal(fitMemory(run({ memory: "spare" }, lengths), 1, { host: spare }).forecast.host, spare);
  assert.doesNotMatch(refused(run({ memory: "spare" }, lengths), { host: 1e6 }).action!, /spare/);
  assert.match(
    english(fitMemory(run({}, lengths), 1, { host: packed }).less ?? ""),
    /^"engine": \{ "memory": "spare" \}/,
  );
  const both = refused(run(), { host: memoryNeed(run(), { copies: 1, spare: true, maxSourceLength: 32 }).host });
  assert.match(
    both.action!,
    /^"engine": \{ "memory": "spare" \} with training\.maxSourceLength \d+ would need \d+ MB; a smaller backbone/,
  );
});

test("a device's own memory is checked where it is known; a smaller batch helps there", () => {
  const given = run({ device: "cuda" }, new Array<number>(8).fill(300));
  const need = (batchSize?: number): number =>
    memoryNeed(given, { copies: 1, ...(batchSize !== undefined && { batchSize }) }).device;
  assert.equal(fitMemory(given, 1, { host: 1e12 }).copies, 1, "not known");
  assert.equal(fitMemory(given, 1, { host: 1e12, device: need() }).copies, 1);
  const { evaluated, ...trainedOnly } = given;
  const short = { ...trainedOnly, evaluated: evaluated.slice(0, 1) };
  const of = (batchSize: number): number => memoryNeed(short, { copies: 1, batchSize }).device;
  assert.ok(of(2) < of(8));
  const error = refused(short, { host: 1e12, device: of(2) });
  assert.match(error.message, /^Training needs \d+ MB|GB of the memory of "cuda", which has \d/);
  assert.match(error.action!, /^training\.batchSize 2 \(with training\.accumulation 8\) would need /);
});
