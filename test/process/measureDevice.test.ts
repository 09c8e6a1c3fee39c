import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { experimentsOf } from "../../src/experiment/readExperiment.ts";
import { measureDevice, type MeasuredStep } from "../../src/worker/device/measureDevice.ts";

const folder = mkdtempSync(join(tmpdir(), "adept-measure-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const experiment = experimentsOf(
  "x.adept.json",
  JSON.stringify({
    name: "x",
    task: { kind: "mail" },
    method: { kind: "adept", promptLength: 4, bottleneck: 3 },
    training: { batchSize: 4, maxSourceLength: 16, maxTargetLength: 3 },
  }),
)[0]!;
let count = 0;
/** A worker that does as written. */
function worker(text: string): string {
  const path = join(folder, `worker${count++}.mjs`);
  writeFileSync(path, text);
  return path;
}
const reason = (step: MeasuredStep): string => {
  assert.ok("reason" in step, JSON.stringify(step));
  return step.reason;
};

test("the processor's step is timed in a process of its own, with the numbers that tell whether it is right", async () => {
  const step = await measureDevice(experiment, "cpu");
  assert.ok(!("reason" in step), JSON.stringify(step));
  assert.match(step.name, /^onnxruntime CPU/);
  assert.ok(step.milliseconds > 0 && step.milliseconds < 20_000);
  assert.deepEqual(
    [step.check.length, step.check.every((value) => Number.isFinite(value) && value > 0)],
    [3, true],
    "loss, and the gradient norms of prompt and FFN",
  );
  const again = await measureDevice(experiment, "cpu");
  assert.deepEqual("check" in again && again.check, step.check);
});

test("dropout inside the backbone is timed, and not in the numbers that devices are compared by", async () => {
  const check = async (backboneDropout: number): Promise<number[]> => {
    const step = await measureDevice({ ...experiment, training: { ...experiment.training, backboneDropout } }, "cpu");
    assert.ok(!("reason" in step), JSON.stringify(step));
    return step.check;
  };
  assert.deepEqual(await check(0.5), await check(0));
});

test("a device that is not there says what is missing and the command that helps", async () => {
  const step = await measureDevice(experiment, process.platform === "win32" ? "coreml" : "directml");
  assert.match(reason(step), /only$/);
  assert.ok("action" in step && step.action !== undefined);
});

test("a driver that crashes, hangs, prints or says nonsense costs its own process alone", async () => {
  assert.match(
    reason(
      await measureDevice(experiment, "cpu", {
        workerPath: worker(
          "console.error('first'); console.error('ICD broken'); process.kill(process.pid, 'SIGSEGV'); setInterval(() => {}, 1e3);",
        ),
      }),
    ),
    /SIGSEGV.*ICD broken/,
  );
  assert.match(
    reason(await measureDevice(experiment, "cpu", { workerPath: worker("process.exit(3);") })),
    /ended \(3\)$/,
  );
  assert.match(
    reason(await measureDevice(experiment, "cpu", { workerPath: worker('console.log(\'{"result":{"name":1}}\');') })),
    /ended \(0\)/,
  );
  const started = Date.now();
  assert.match(
    reason(
      await measureDevice(experiment, "cpu", {
        workerPath: worker("process.on('SIGTERM', () => {}); setInterval(() => {}, 1e3);"),
        patience: 500,
      }),
    ),
    /no step within/,
  );
  assert.ok(Date.now() - started < 10_000);
  const noisy = await measureDevice(experiment, "cpu", {
    workerPath: worker(
      "console.log('driver {'); console.log('{x'); process.stdout.write(JSON.stringify({ result: { name: 'n', milliseconds: 2, check: [1] } }));",
    ),
  });
  assert.deepEqual(noisy, { device: "cpu", name: "n", milliseconds: 2, check: [1] });
  assert.match(reason(await measureDevice(experiment, "cpu", { workerPath: join(folder, "none.mjs") })), /ended \(1\)/);
});

test("one that is ended ends at once", async () => {
  const stop = new AbortController();
  const started = Date.now();
  const measuring = measureDevice(experiment, "cpu", {
    signal: stop.signal,
    workerPath: worker("setInterval(() => {}, 1e3);"),
  });
  setTimeout(() => {
    stop.abort();
  }, 100);
  assert.match(reason(await measuring), /SIGKILL/);
  assert.match(
    reason(
      await measureDevice(experiment, "cpu", {
        signal: stop.signal,
        workerPath: worker("setInterval(() => {}, 1e3);"),
      }),
    ),
    /SIGKILL/,
  );
  assert.ok(Date.now() - started < 10_000);
});

test("the request reaches the process with its device", async () => {
  const echo = worker(
    "let text = ''; for await (const part of process.stdin) text += part; const { engine, name } = JSON.parse(text); process.stdout.write(JSON.stringify({ error: { code: 'x-y', message: { template: '{0} of {1}', values: [engine.device, name] }, action: { template: process.argv.slice(2).join(' '), values: [] } } }));",
  );
  assert.deepEqual(await measureDevice(experiment, "webgpu", { workerPath: echo }), {
    device: "webgpu",
    reason: "webgpu of x",
    phrase: { template: "{0} of {1}", values: ["webgpu", "x"] },
    code: "x-y",
    action: `calibrate - --parent ${process.pid}`,
  });
});
