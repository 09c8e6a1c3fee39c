import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { flagsBf16 } from "../../../src/engine/hardwareHere.ts";
import { candidatesOf, type Candidate } from "../../../src/engine/device/candidates.ts";
import { experimentsOf } from "../../../src/experiment/readExperiment.ts";
import { calibrate } from "../../../src/worker/device/calibrate.ts";
import { chooseDevice, type DeviceChoice } from "../../../src/worker/device/chooseDevice.ts";
import { DeviceTimes, shapeKey } from "../../../src/worker/device/deviceTimes.ts";
import { tinyGguf } from "../backbone/ggufLlama.ts";
import type { MeasuredStep } from "../../../src/worker/device/measureDevice.ts";

const GIVEN = { name: "x", task: { kind: "mail" }, method: { kind: "pt", promptLength: 5 }, engine: "auto" };
const experimentOf = (training: object = {}, method: object = GIVEN.method) =>
  experimentsOf("x.adept.json", JSON.stringify({ ...GIVEN, method, training }))[0]!;
const CHECK = [2, 0.5];
type Outcome = number | string | { milliseconds: number; check: number[] };

/** A folder for times, and a choice among devices that take so long, or fail so. */
function bench(t: { after: (work: () => void) => void }): {
  path: string;
  asked: Candidate[];
  choose: (
    outcomes: Partial<Record<Candidate, Outcome>>,
    experiment?: ReturnType<typeof experimentOf>,
    times?: DeviceTimes,
  ) => Promise<DeviceChoice | undefined>;
} {
  const folder = mkdtempSync(join(tmpdir(), "adept-choice-"));
  const path = join(folder, "cache", "devices.json");
  const asked: Candidate[] = [];
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    path,
    asked,
    choose: (outcomes, experiment = experimentOf(), times = new DeviceTimes(path)) =>
      chooseDevice(experiment, {
        times,
        candidates: Object.keys(outcomes) as Candidate[],
        measure: (_, device): Promise<MeasuredStep> => {
          asked.push(device);
          const outcome = outcomes[device]!;
          return Promise.resolve(
            typeof outcome === "string"
              ? { device, reason: outcome }
              : {
                  device,
                  name: `the ${device}`,
                  ...(typeof outcome === "number" ? { milliseconds: outcome, check: CHECK } : outcome),
                },
          );
        },
      }),
  };
}

test("the fastest device is chosen, and each one's time is returned; the same shape is not measured again", async (t) => {
  const { choose, asked } = bench(t);
  const first = await choose({ cpu: 90, webgpu: 30, cuda: "no driver" });
  assert.deepEqual(first, {
    engine: { device: "webgpu", threads: 0, replicas: 0 },
    name: "the webgpu",
    measured: [
      { device: "cpu", name: "the cpu", milliseconds: 90 },
      { device: "webgpu", name: "the webgpu", milliseconds: 30 },
      { device: "cuda", reason: "no driver" },
    ],
  });
  assert.deepEqual(await choose({ cpu: 1, webgpu: 1, cuda: 1 }), first);
  assert.deepEqual(asked, ["cpu", "webgpu", "cuda"]);
  await choose({ cpu: 90, webgpu: 30, tfjs: 5 });
  assert.deepEqual(asked.slice(3), ["tfjs"], "a device that is new is measured alone");
  assert.equal(
    (await choose({ cpu: 1, webgpu: 2 }, experimentOf({ batchSize: 4 })))?.engine.device,
    "cpu",
    "another shape is another matter",
  );
});

test("narrow weights are for the processor and PyTorch only: nothing else is measured, and no time is stored for other runs", async (t) => {
  const { choose, asked } = bench(t);
  const experiment = experimentsOf(
    "x.adept.json",
    JSON.stringify({ name: "x", task: { kind: "mail" }, method: { kind: "pt", promptLength: 5 }, precision: "int8" }),
  )[0]!;
  assert.deepEqual(await choose({ cpu: 90, webgpu: 30 }, experiment), {
    engine: { device: "cpu", threads: 0, replicas: 0 },
    name: "onnxruntime CPU",
    measured: [],
  });
  assert.deepEqual(asked, []);
  await choose({ cpu: 90, webgpu: 30, torch: 40, "torch bf16": 20 }, experiment);
  assert.deepEqual(asked, ["cpu", "torch", "torch bf16"], "PyTorch holds them too");
});

test("PyTorch is measured in fp32 and in bf16, and the engine says which was faster", async (t) => {
  const { choose } = bench(t);
  const bf16 = await choose({ cpu: 90, torch: 200, "torch bf16": 80 });
  assert.deepEqual(bf16?.engine, { device: "torch", compute: "bf16", threads: 0, replicas: 0 });
  assert.deepEqual(
    bf16.measured.map(({ device }) => device),
    ["cpu", "torch", "torch bf16"],
  );
  const fp32 = await choose({ cpu: 90, torch: 20, "torch bf16": 80 }, experimentOf({ batchSize: 3 }));
  assert.deepEqual(fp32?.engine, { device: "torch", compute: "fp32", threads: 0, replicas: 0 });
  const asked = { ...experimentOf({ batchSize: 4 }) };
  asked.engine = { ...asked.engine, compute: "bf16", torchDevice: "cpu", tf32: true };
  const other = await choose({ cpu: 9, "torch bf16": 80 }, asked);
  assert.deepEqual(other?.engine, { device: "cpu", threads: 0, replicas: 0 }, "without settings of PyTorch");
  const far = { milliseconds: 1, check: [2.2, 0.5] };
  assert.equal((await choose({ cpu: 90, "torch bf16": far }, experimentOf({ batchSize: 5 })))?.engine.device, "cpu");
});

test("candidates: PyTorch in what the experiment asks for, in bf16 of itself only on hardware that has it", () => {
  const engine = experimentOf().engine;
  assert.deepEqual(candidatesOf(["cpu", "torch"], engine, true), ["cpu", "torch", "torch bf16"]);
  assert.deepEqual(candidatesOf(["cpu", "torch"], engine, false), ["cpu", "torch"]);
  assert.deepEqual(candidatesOf(["cpu", "torch"], { ...engine, compute: "bf16" }, false), ["cpu", "torch bf16"]);
  assert.deepEqual(candidatesOf(["cpu", "torch"], { ...engine, compute: "fp32" }, true), ["cpu", "torch"]);
  assert.equal(flagsBf16("flags\t\t: fpu avx512_bf16 avx2\n"), true);
  assert.equal(flagsBf16("flags\t\t: fpu avx512f avx2\nbugs\t: amx_bf16\n"), false);
});

test("where the processor is the only candidate nothing is measured", async (t) => {
  const { choose, asked } = bench(t);
  assert.deepEqual(await choose({ cpu: 5 }), {
    engine: { device: "cpu", threads: 0, replicas: 0 },
    name: "onnxruntime CPU",
    measured: [],
  });
  assert.deepEqual(asked, []);
});

test("a device whose loss or gradients differ from the processor's by more than rounding is rejected, however fast", async (t) => {
  const { choose } = bench(t);
  const wrong = await choose({
    cpu: 90,
    webgpu: { milliseconds: 3, check: [2, 0.9] },
    cuda: { milliseconds: 9, check: [2.001, 0.501] },
  });
  assert.equal(wrong?.engine.device, "cuda");
  assert.match(wrong?.measured[1]?.reason ?? "", /not the processor's/);
  assert.equal(
    (await choose({ cpu: 90, webgpu: { milliseconds: 3, check: [2, NaN] } }, experimentOf({ batchSize: 3 })))?.engine
      .device,
    "cpu",
  );
  assert.equal(
    (await choose({ cpu: 90, webgpu: { milliseconds: 3, check: [2] } }, experimentOf({ batchSize: 5 })))?.engine.device,
    "cpu",
  );
});

test("a device that failed is tried again a day later; if all fail, nothing is stored", async (t) => {
  const { path, asked, choose } = bench(t);
  const at = (hours: number): DeviceTimes => new DeviceTimes(path, () => hours * 3600_000);
  await choose({ cpu: "broken file", webgpu: "broken file" }, experimentOf(), at(0));
  assert.equal((await choose({ cpu: 8, webgpu: "no driver" }, experimentOf(), at(0)))?.engine.device, "cpu");
  assert.equal(asked.length, 4);
  await choose({ cpu: 8, webgpu: 4 }, experimentOf(), at(23));
  assert.equal(asked.length, 4);
  assert.equal((await choose({ cpu: 8, webgpu: 4 }, experimentOf(), at(25)))?.engine.device, "webgpu");
  assert.deepEqual(asked.slice(4), ["webgpu"]);
});

test("a cancelled choice returns nothing and stores nothing", async (t) => {
  const { path } = bench(t);
  const stop = new AbortController();
  const choice = await chooseDevice(experimentOf(), {
    signal: stop.signal,
    times: new DeviceTimes(path),
    candidates: ["cpu", "webgpu"],
    measure: (_, device) => {
      stop.abort();
      return Promise.resolve({ device, reason: "ended" });
    },
  });
  assert.equal(choice, undefined);
  assert.throws(() => readFileSync(path));
});

test("times of the latest 200 shapes are stored; a damaged file counts as empty, and so does a folder that cannot be written", (t) => {
  const { path } = bench(t);
  let clock = 0;
  const times = new DeviceTimes(path, () => ++clock);
  const step: MeasuredStep = { device: "cpu", name: "c", milliseconds: 1, check: CHECK };
  for (let i = 0; i < 205; i++) times.keep(`shape ${i}`, [step]);
  assert.deepEqual(
    [times.known("shape 4").size, times.known("shape 5").size, times.known("shape 204").size],
    [0, 1, 1],
  );
  assert.ok(readFileSync(path, "utf8").length < 100_000);
  for (const damage of [
    "{",
    "[]",
    '{"version":1,"shapes":{"shape 5":{"at":1,"devices":{"cpu":{"milliseconds":"fast"}}}}}',
  ]) {
    writeFileSync(path, damage);
    assert.equal(times.known("shape 5").size, 0);
  }
  times.keep("again", [step]);
  assert.equal(times.known("again").size, 1);
  writeFileSync(`${path}.file`, "");
  new DeviceTimes(join(`${path}.file`, "x.json")).keep("a", [step]);
});

test("a stored time applies to its machine, model, method and shape only", () => {
  const own = shapeKey(experimentOf(), "machine");
  assert.equal(
    shapeKey(experimentOf({ steps: 7, warmup: 1 }), "machine"),
    own,
    "how long it trains does not change a step",
  );
  const others = [
    shapeKey(experimentOf(), "other"),
    shapeKey(experimentOf({ batchSize: 7 }), "machine"),
    shapeKey(experimentOf({ maxSourceLength: 7 }), "machine"),
    shapeKey(experimentOf({ maxTargetLength: 7 }), "machine"),
    shapeKey(experimentOf({}, { kind: "pt", promptLength: 6 }), "machine"),
  ];
  assert.equal(new Set([own, ...others]).size, 6);
});

test("the key of a measurement has how the weights are held, and which weights these are", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "adept-key-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const backbone = join(folder, "model.gguf");
  const held = (change: object): string =>
    shapeKey({ ...experimentsOf("x.adept.json", JSON.stringify({ ...GIVEN, ...change }))[0]!, backbone }, "machine");
  const written = (bytes: Buffer, seconds: number): void => {
    writeFileSync(backbone, bytes);
    utimesSync(backbone, seconds, seconds);
  };
  written(tinyGguf(1), 1000);
  const keys = [
    held({}),
    held({ precision: "int8" }),
    held({ precision: "int4" }),
    held({ precision: "bf16" }),
    held({ engine: { device: "auto", memory: "least" } }),
    held({ engine: { device: "auto", memory: "spare" } }),
    held({ engine: { device: "auto", threads: 1 } }),
  ];
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(held({ precision: { weights: "fp32", compare: false }, seed: 9 }), keys[0]);
  written(tinyGguf(2), 2000);
  assert.ok(!keys.includes(held({})), "another model of the same shape, in the same place");
});

test("what devices are compared by does not depend on the seed", async () => {
  const lengths = { batchSize: 2, maxSourceLength: 8, maxTargetLength: 4 };
  const small = experimentOf(lengths, { kind: "pt", promptLength: 5, promptInit: "random" });
  const settledOn = (seed: number) => ({
    ...small,
    seed,
    engine: { ...small.engine, device: "cpu" as const, threads: 1 },
  });
  const [one, other] = [await calibrate(settledOn(1)), await calibrate(settledOn(2))];
  assert.ok(one.check.length > 1);
  assert.deepEqual(one.check, other.check);
});
