import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { RunEvent } from "../../src/record/events.ts";
import { foldEvents } from "../../src/record/foldEvents.ts";
import type { RunRecord } from "../../src/record/record.ts";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { removeWorkspace } from "./removeWorkspace.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");
/**
 * On Linux a driver that the environment names makes WebGPU a candidate, and one that is none makes it fail at once.
 */
const BROKEN_DRIVER = { VK_ICD_FILENAMES: "/none/icd.json", ADEPT_DEVICES: "cpu,webgpu" };
const ELSEWHERE = process.platform === "linux" ? false : "a driver is broken by the environment on Linux alone";

interface Place {
  folder: string;
  runs: () => { path: string; events: RunEvent[]; record: RunRecord; device: string }[];
  adept: (
    environment: Record<string, string>,
    ...args: string[]
  ) => { stdout: string; stderr: string; status: number | null };
}
function workspace(t: TestContext, change: object = {}, steps = 4): Place {
  const folder = mkdtempSync(join(tmpdir(), "adept-devices-"));
  const runsDir = join(folder, ".adept/runs");
  t.after(async () => {
    await removeWorkspace(folder);
  });
  writeFileSync(
    join(folder, "data.jsonl"),
    Array.from({ length: 80 }, (_, i) =>
      JSON.stringify({ text: `stone ${i % 7} river ${i % 3}`, label: i % 2 === 0 ? "yes" : "no" }),
    ).join("\n"),
  );
  writeFileSync(
    join(folder, "words.adept.json"),
    JSON.stringify({
      name: "words",
      task: { kind: "file", train: "data.jsonl", source: "{text}", target: "{label}" },
      method: { kind: "pt", promptLength: 3 },
      training: {
        steps,
        batchSize: 4,
        evaluateEvery: 100,
        checkpointEvery: 100,
        maxSourceLength: 24,
        maxTargetLength: 3,
        warmup: 2,
      },
      git: false,
      ...change,
    }),
  );
  return {
    folder,
    adept: (environment, ...args) =>
      spawnSync(process.execPath, [CLI, ...args], {
        cwd: folder,
        encoding: "utf8",
        env: { ...process.env, ADEPT_CACHE: join(folder, "cache"), ...environment },
      }),
    runs: () =>
      readdirSync(runsDir)
        .sort()
        .map((id) => {
          const path = join(runsDir, id);
          const { events } = readJournal(path);
          return {
            path,
            events,
            record: foldEvents(events),
            device: (JSON.parse(readFileSync(join(path, "experiment.json"), "utf8")) as { engine: { device: string } })
              .engine.device,
          };
        }),
  };
}
const adapter = (path: string): string => readFileSync(join(path, "adapter/adapter_model.safetensors")).toString("hex");
const engines = (events: readonly RunEvent[]): Extract<RunEvent, { type: "engine" }>[] =>
  events.filter((event) => event.type === "engine");

test('with the processor alone "auto" measures nothing, and the run is that of "cpu" to the bit', (t) => {
  const { folder, adept, runs } = workspace(t);
  const only = { ADEPT_DEVICES: "cpu" };
  assert.equal(adept(only, "train", "words.adept.json").status, 0);
  assert.equal(adept(only, "train", "words.adept.json", "--set", "engine=cpu").status, 0);
  assert.equal(adept(only, "train", "words.adept.json", "--set", "engine.device=cpu").status, 0);
  const [auto, named, path] = runs();
  assert.deepEqual(
    [auto!, named!, path!].map(({ device, record: { status } }) => [device, status]),
    [
      ["cpu", "finished"],
      ["cpu", "finished"],
      ["cpu", "finished"],
    ],
  );
  assert.deepEqual(
    [auto!, named!, path!].map(({ record: { engine } }) => engine),
    [{ device: "cpu", name: "onnxruntime CPU", measured: [] }, undefined, undefined],
  );
  assert.equal(adapter(auto!.path), adapter(named!.path));
  assert.ok(!readdirSync(folder).includes("cache"), "nothing was measured");
});

test(
  '"auto" measures every candidate once, takes the fastest and writes it into the run, which resumes on it',
  { skip: ELSEWHERE },
  (t) => {
    const { folder, adept, runs } = workspace(t);
    const told = adept(BROKEN_DRIVER, "train", "words.adept.json");
    assert.equal(told.status, 0, told.stderr);
    assert.match(
      told.stderr,
      /^device: onnxruntime CPU.*; a step: onnxruntime CPU.* ms, webgpu none \(engine\.device: WebGPU finds no graphics processor/m,
    );
    const [{ events, record, device, path }] = runs() as [ReturnType<typeof runs>[number]];
    assert.equal(device, "cpu");
    const [{ measured }] = engines(events) as [ReturnType<typeof engines>[number]];
    assert.deepEqual(
      measured.map((each) => [each.device, each.milliseconds !== undefined, each.reason !== undefined]),
      [
        ["cpu", true, false],
        ["webgpu", false, true],
      ],
    );
    assert.deepEqual(record.engine?.measured, measured);
    const order = events.map(({ type }) => type);
    assert.ok(order.indexOf("engine") < order.indexOf("plan"));
    assert.ok(readFileSync(join(folder, "cache/devices.json"), "utf8").includes("milliseconds"));
    assert.equal(adept(BROKEN_DRIVER, "train", "words.adept.json").status, 0);
    assert.deepEqual(engines(runs()[1]!.events)[0]?.measured, measured, "what is known is not measured again");
    assert.equal(adept(BROKEN_DRIVER, "resume", record.id).status, 0);
    assert.equal(engines(readJournal(path).events).length, 1, "a resumed run has its device");
  },
);

test(
  "a device that is named and not there ends the run with what is missing and what helps",
  { skip: ELSEWHERE },
  (t) => {
    const { adept, runs } = workspace(t);
    const gpu = adept(BROKEN_DRIVER, "train", "words.adept.json", "--set", "engine.device=webgpu");
    assert.equal(gpu.status, 1);
    assert.match(gpu.stderr, /WebGPU finds no graphics processor[^]*libvulkan1/);
    assert.deepEqual(
      runs().map(({ record: { status, error } }) => [status, error?.action?.includes("apt-get")]),
      [["failed", true]],
    );
    const other = adept({}, "train", "words.adept.json", "--set", "engine.device=directml");
    assert.deepEqual(
      [other.status, /Windows only/.test(other.stderr), runs().length],
      [1, true, 1],
      "what the platform rules out makes no run",
    );
  },
);

test("adept doctor has a line for every device, its speed or what is missing, and never fails", (t) => {
  const { adept } = workspace(t);
  const { stdout, status } = adept(BROKEN_DRIVER, "doctor", "--json");
  assert.equal(status, 0);
  const found = JSON.parse(stdout) as {
    what: string;
    ok: boolean;
    detail: string;
    fix?: string;
    device?: string;
    milliseconds?: number;
  }[];
  const of = (device: string) => found.find((each) => each.device === device)!;
  assert.deepEqual(found.flatMap(({ device }) => device ?? []).sort(), [
    "coreml",
    "cpu",
    "cuda",
    "directml",
    "tfjs",
    "torch",
    "webgpu",
  ]);
  assert.ok(of("cpu").ok && of("cpu").milliseconds! > 0);
  for (const each of found) assert.ok(each.ok || each.detail.length > 5, JSON.stringify(each));
  if (process.platform === "linux")
    assert.ok(!of("webgpu").ok && /apt-get/.test(of("webgpu").fix ?? "") && of("directml").fix === undefined);
  assert.match(of("cpu").what, /onnxruntime \d+\.\d+/);
  assert.match(of("tfjs").what, /libtensorflow 2\.9\.1.*CUDA 11\.2.*cuDNN 8\.1.*2\.15\.1.*CUDA 12\.2/);
  for (const name of ["node", "tokenizer", "git", "disk"])
    assert.ok(
      found.some(({ what }) => what === name),
      name,
    );
  const text = execFileSync(process.execPath, [CLI, "doctor"], {
    encoding: "utf8",
    env: { ...process.env, ...BROKEN_DRIVER },
  });
  assert.match(text, /^ok {6}cpu \(onnxruntime .*\): [\d.]+ ms a step/m);
});

const waitFor = async (condition: () => boolean, what: string): Promise<void> => {
  for (const until = Date.now() + 60_000; !condition(); await new Promise((resolve) => setTimeout(resolve, 20)))
    if (Date.now() > until) throw new Error(`no ${what}`);
};

test(
  "two devices train at once, each from its own queue; a run whose device is to be chosen waits until nothing trains",
  { skip: ELSEWHERE },
  async (t) => {
    const { folder, adept, runs } = workspace(t, {}, 5000);
    const queue = (...set: string[]): string => {
      const { stdout, status, stderr } = adept(
        BROKEN_DRIVER,
        "train",
        "words.adept.json",
        "--queue",
        "--detach",
        ...set.flatMap((each) => ["--set", each]),
      );
      assert.equal(status, 0, stderr);
      return stdout.trim();
    };
    const slow = queue("engine.device=cpu");
    const of = (id: string): RunRecord => runs().find(({ path }) => path.endsWith(id))!.record;
    await waitFor(() => of(slow).status === "running", "run on the processor");
    const auto = queue("engine=auto", "training.steps=3");
    const behind = queue("engine.device=cpu", "training.steps=3");
    const other = queue("engine.device=webgpu", "training.steps=3");
    await waitFor(() => of(other).status === "failed", "end of the run on the broken device");
    assert.equal(of(slow).status, "running", "the other device's run came and went meanwhile");
    assert.deepEqual([of(auto).status, of(behind).status], ["queued", "queued"]);
    assert.match(adept({}, "queue", "list").stdout, /^auto: 1 waiting, working[^]*^cpu: 1 waiting, working/m);
    const leases = (): string[] =>
      readdirSync(join(folder, ".adept"))
        .filter((name) => /^queue-.*\.lease$/.test(name))
        .sort();
    assert.deepEqual(leases(), ["queue-auto.lease", "queue-cpu.lease"]);
    // However busy the machine is, the long run was still at work; it need not be waited for.
    assert.equal(adept({}, "stop", slow).status, 0);
    await waitFor(
      () => [slow, auto, behind].every((id, i) => of(id).status === (i === 0 ? "stopped" : "finished")),
      "end of all",
    );
    const span = (id: string): [number, number] => {
      const { events } = runs().find(({ path }) => path.endsWith(id))!;
      return [
        events.find((event) => event.type === "status" && event.status === "preparing")!.time,
        events.at(-1)!.time,
      ];
    };
    const own = [slow, auto, behind].map(span).sort(([a], [b]) => a - b);
    own.slice(1).forEach(([from], i) => {
      assert.ok(from >= own[i]![1], "two trained at once on the processor");
    });
    await waitFor(() => leases().length === 0, "end of the queues");
    assert.match(adept({}, "queue", "list").stdout, /^auto: 0 waiting, idle/);
  },
);

test("a run that a queue chose the device for goes on in the same queue", { skip: ELSEWHERE }, async (t) => {
  const { adept, runs } = workspace(t, {}, 300);
  adept(BROKEN_DRIVER, "train", "words.adept.json", "--queue", "--detach");
  await waitFor(() => {
    const [run] = runs();
    return (
      run !== undefined &&
      run.device === "cpu" &&
      run.record.status === "running" &&
      (run.record.lastStep?.step ?? 0) > 1
    );
  }, "run at work");
  process.kill(runs()[0]!.record.pid!, "SIGKILL");
  await waitFor(() => runs()[0]!.record.status === "finished", "end of the run");
  assert.deepEqual([runs()[0]!.record.interruptions, engines(runs()[0]!.events).length], [1, 1]);
});
