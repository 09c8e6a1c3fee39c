import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { UserError } from "../../src/base/errors.ts";
import { startTorch, type StartOptions } from "../../src/engine/torch/torchTrouble.ts";
import { foldEvents } from "../../src/record/foldEvents.ts";
import type { RunRecord } from "../../src/record/record.ts";
import { readJournal } from "../../src/run/journal/readJournal.ts";
import { FakePython, torchTest, wrapped } from "./fakePython.ts";
import { removeWorkspace } from "./removeWorkspace.ts";

const CLI = join(import.meta.dirname, "../../dist/cli.js");
const SPEC = { device: "torch", threads: 1, replicas: 1 } as const;
const folder = mkdtempSync(join(tmpdir(), "adept-torch-"));
after(async () => {
  await removeWorkspace(folder);
});
const waitFor = async (condition: () => boolean, what: string): Promise<void> => {
  for (const until = Date.now() + 90_000; !condition(); await new Promise((resolve) => setTimeout(resolve, 20)))
    if (Date.now() > until) throw new Error(`no ${what}`);
};

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
    method: { kind: "adept", promptLength: 3, bottleneck: 2 },
    training: {
      steps: 4,
      batchSize: 4,
      evaluateEvery: 100,
      checkpointEvery: 100,
      maxSourceLength: 24,
      maxTargetLength: 3,
      warmup: 2,
    },
    engine: "torch",
    git: false,
  }),
);

interface Finding {
  device?: string;
  ok: boolean;
  what: string;
  detail: string;
  fix?: string;
  torch?: { bf16: boolean };
  milliseconds?: number;
}
let count = 0;
/** A folder for runs, and the command line with a Python. */
function place(env: Record<string, string>) {
  const runs = join(folder, `runs${count++}`);
  const environment: NodeJS.ProcessEnv = { ...process.env, ADEPT_CACHE: join(folder, "cache"), HOME: folder, ...env };
  for (const name of ["VIRTUAL_ENV", "CONDA_PREFIX", "ADEPT_PYTHON"])
    if (env[name] === undefined) delete environment[name];
  const train = ["train", "words.adept.json", "--runs-dir", runs];
  const options = { cwd: folder, env: environment } as const;
  const pathOf = (): string => join(runs, readdirSync(runs).sort().at(-1)!);
  return {
    runs,
    train: (...set: string[]) =>
      spawnSync(process.execPath, [CLI, ...train, ...set.flatMap((each) => ["--set", each])], {
        ...options,
        encoding: "utf8",
      }),
    start: (...set: string[]) =>
      spawn(process.execPath, [CLI, ...train, ...set.flatMap((each) => ["--set", each])], {
        ...options,
        stdio: "ignore",
      }),
    doctor: (): Finding => {
      const { stdout } = spawnSync(process.execPath, [CLI, "doctor", "--json"], { ...options, encoding: "utf8" });
      return (JSON.parse(stdout) as Finding[]).find(({ device }) => device === "torch")!;
    },
    record: (): RunRecord | undefined =>
      existsSync(runs) && readdirSync(runs).length > 0 ? foldEvents(readJournal(pathOf()).events) : undefined,
    adapter: (): string => readFileSync(join(pathOf(), "adapter/adapter_model.safetensors")).toString("hex"),
  };
}

/** What a start of PyTorch is refused with. */
async function refusal(options: StartOptions): Promise<UserError> {
  try {
    const { process } = await startTorch(SPEC, options);
    await process.end();
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    return error;
  }
  throw new Error("it is not refused");
}
const of = (path: string): StartOptions => ({ candidates: [{ path, namedBy: "ADEPT_PYTHON" }] });

test("without any Python the message says so, with the command that installs one; no run is made, and the processor trains", async () => {
  const { code, action } = await refusal({ candidates: [] });
  assert.equal(code, "python-not-found");
  assert.match(action ?? "", /install/);
  const none = place({ PATH: "/none" });
  const { status, stderr } = none.train();
  assert.equal(status, 1);
  assert.match(stderr, /engine\.device: "torch" needs a Python with PyTorch; there is no Python[^]*install/);
  assert.equal(existsSync(none.runs), false);
  assert.equal(none.train("engine=cpu").status, 0);
  const named = place({ ADEPT_PYTHON: "/none/python" }).train();
  assert.deepEqual([named.status, /there is no Python \/none\/python \(ADEPT_PYTHON\)/.test(named.stderr)], [1, true]);
});

/** Environments without PyTorch, with an old one, and with one that cannot be loaded. */
const fakes = (real: string) => {
  const made = (name: string): FakePython => new FakePython(join(folder, name), real);
  return {
    bare: made("bare"),
    old: made("old").torch('__version__ = "2.0.1"\n'),
    broken: made("broken").torch('raise OSError("libcudart.so.13: cannot open shared object file")\n'),
  };
};

torchTest(
  "a Python without PyTorch, with an old or a broken one is told with its path and the one command that helps",
  async (real) => {
    const { bare, old, broken } = fakes(real);
    const missing = await refusal(of(bare.path));
    assert.equal(missing.message, `engine.device: ${bare.path} (ADEPT_PYTHON) has no PyTorch`);
    assert.match(missing.action ?? "", new RegExp(`^${bare.path} -m pip install "torch>=2.1"`));
    const tooOld = await refusal(of(old.path));
    assert.equal(tooOld.message, `engine.device: ${old.path} (ADEPT_PYTHON) has PyTorch 2.0.1; 2.1 or later is needed`);
    assert.match(tooOld.action ?? "", /pip install "torch>=2.1" --upgrade/);
    const damaged = await refusal(of(broken.path));
    assert.match(damaged.message, /has PyTorch, but cannot load it: OSError: libcudart\.so\.13/);
    assert.match(damaged.action ?? "", /--force-reinstall/);
    const crashing = wrapped(join(folder, "crash"), "echo going down >&2; kill -SEGV $$", real);
    const crashed = await refusal(of(crashing));
    assert.match(crashed.message, /does not start: .*SIGSEGV.*going down/);
    assert.match(crashed.action ?? "", /adept\.torch\.python.*ADEPT_PYTHON/);
  },
);

torchTest(
  "where several Pythons were tried, all are named with the reason of each, and the next one is used",
  async (real) => {
    const { bare, old } = fakes(real);
    const candidates = [
      { path: bare.path, namedBy: "VIRTUAL_ENV" },
      { path: old.path },
      { path: join(folder, "gone") },
    ] as const;
    const all = await refusal({ candidates });
    assert.equal(all.code, "torch-nowhere");
    for (const part of [
      `${bare.path} (VIRTUAL_ENV) has no PyTorch`,
      `${old.path} has PyTorch 2.0.1`,
      `there is no Python ${folder}/gone`,
      "ADEPT_PYTHON",
    ])
      assert.ok(all.message.includes(part), `${all.message} lacks ${part}`);
    assert.match(all.action ?? "", new RegExp(`^${bare.path} -m pip`), "the command is for the first");
    const { process, told } = await startTorch(SPEC, { candidates: [...candidates, { path: real }] });
    await process.end();
    assert.equal(told.executable, real);
  },
);

torchTest("a user sees them from adept train and adept doctor, and the processor trains with each", (real) => {
  const { old, broken } = fakes(real);
  const without = place({ ADEPT_PYTHON: join(folder, "bare") });
  const refused = without.train();
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /bare\/bin\/python \(ADEPT_PYTHON\) has no PyTorch[^]*pip install "torch>=2\.1"/);
  assert.equal(existsSync(without.runs), false, "no run is made");
  for (const [python, message] of [
    [old, /PyTorch 2\.0\.1; 2\.1 or later is needed/],
    [broken, /cannot load it: OSError: libcudart/],
  ] as const) {
    const own = place({ ADEPT_PYTHON: python.path });
    const { status, stderr } = own.train();
    assert.equal(status, 1);
    assert.match(stderr, message);
    assert.equal(own.record()?.status, "failed");
    assert.equal(own.train("engine=cpu").status, 0);
  }
  const { ok, detail, fix } = place({ ADEPT_PYTHON: broken.path }).doctor();
  assert.equal(ok, false);
  assert.match(`${detail}\n${fix ?? ""}`, /^\S+broken\/bin\/python \(ADEPT_PYTHON\) has PyTorch[^]*force-reinstall/);
});

torchTest("one that takes too long is given up, told and ended", async (real) => {
  const pid = join(folder, "slow.pid");
  const slow = new FakePython(join(folder, "slow"), real).torch(
    `import os, time\nopen(${JSON.stringify(pid)}, "w").write(str(os.getpid()))\ntime.sleep(60)\n`,
  );
  const { code, message, action } = await refusal({ ...of(slow.path), patience: 3000 });
  assert.equal(code, "torch-slow");
  assert.match(message, /slow\/bin\/python \(ADEPT_PYTHON\) did not load PyTorch within 3 s/);
  assert.match(action ?? "", /Try again/);
  await waitFor(() => !existsSync(`/proc/${readFileSync(pid, "utf8")}`), "end of the slow Python");
});

torchTest("doctor names the Python, its PyTorch, what it computes on and the speed", (real) => {
  const { ok, what, detail, torch, milliseconds } = place({ ADEPT_PYTHON: real }).doctor();
  assert.ok(ok, detail);
  assert.match(what, /^torch \(PyTorch \d+\.\d+\S* of Python 3\.\d+\.\d+, \S*python\S*\)$/);
  assert.match(detail, /^[\d.]+ ms a step.*; .*(processor|GB free).*bf16 in hardware/);
  assert.equal(/, in bf16 [\d.]+ ms a step/.test(detail), torch?.bf16);
  assert.ok(milliseconds! > 0);
});

torchTest("what a Python prints at its start and meanwhile, however much, changes nothing", (real) => {
  const quiet = place({ ADEPT_PYTHON: real });
  assert.equal(quiet.train().status, 0);
  const noisy = new FakePython(join(folder, "noisy"), real).realTorch().atStart(`
import os, sys, threading, time
sys.stdout.write("noise " * 1_000_000)
sys.stdout.flush()
def talk():
  while True:
      os.write(1, b"still here " * 50_000)
      time.sleep(0.02)
threading.Thread(target=talk, daemon=True).start()
`);
  const loud = place({ ADEPT_PYTHON: noisy.path });
  const { status, stderr } = loud.train();
  assert.equal(status, 0, stderr.slice(-2000));
  assert.equal(loud.adapter(), quiet.adapter());
});

/** The Python that a process has started. */
const pythonOf = (parent: number): number | undefined => {
  for (const name of readdirSync("/proc").filter((each) => /^\d+$/.test(each)))
    try {
      const [, command = "", rest = ""] =
        /^\d+ \((.*)\) \S (.*)$/s.exec(readFileSync(`/proc/${name}/stat`, "utf8")) ?? [];
      if (command.startsWith("python") && Number(rest.split(" ")[0]) === parent) return Number(name);
    } catch {
      // A process that ended meanwhile.
    }
  return undefined;
};

torchTest(
  "a Python that is killed while it trains is started again, and the run ends with the same bits",
  async (real) => {
    const steps = "training.steps=24";
    const whole = place({ ADEPT_PYTHON: real });
    assert.equal(whole.train(steps).status, 0);
    const killed = place({ ADEPT_PYTHON: real });
    const child = killed.start(steps);
    const done = new Promise((resolve) => child.once("exit", resolve));
    for (const step of [2, 8]) {
      await waitFor(() => (killed.record()?.lastStep?.step ?? 0) >= step, `step ${step}`);
      const python = pythonOf(killed.record()!.pid!);
      assert.ok(python !== undefined, "the worker has a Python");
      process.kill(python, "SIGKILL");
    }
    assert.equal(await done, 0);
    assert.equal(killed.adapter(), whole.adapter());
    assert.equal(killed.record()?.status, "finished");
  },
);

torchTest("a worker that is killed leaves no Python behind", async (real) => {
  const run = place({ ADEPT_PYTHON: real });
  const child = run.start("training.steps=100000");
  await waitFor(() => (run.record()?.lastStep?.step ?? 0) >= 2, "second step");
  const worker = run.record()!.pid!;
  const python = pythonOf(worker)!;
  process.kill(worker, "SIGKILL");
  await waitFor(() => !existsSync(`/proc/${python}`), "end of the Python");
  child.kill();
});

torchTest("too little memory is told as that: where PyTorch is loaded, and in a step", async (real) => {
  const tiny = wrapped(join(folder, "tiny"), "ulimit -v 200000", real);
  const { code, message } = await refusal(of(tiny));
  assert.equal(code, "torch-load-memory-short", message);
  assert.match(message, /memory of this machine is not enough to load PyTorch in \S+tiny/);
  const loaded = Number(
    execFileSync(real, [
      "-c",
      "import re, torch; print(re.search(r'VmSize:\\s*(\\d+)', open('/proc/self/status').read())[1])",
    ]),
  );
  const small = place({ ADEPT_PYTHON: wrapped(join(folder, "small"), `ulimit -v ${loaded + 400_000}`, real) });
  const { status, stderr } = small.train(
    "training.batchSize=64",
    "training.maxSourceLength=2048",
    `task.source=${"{text} ".repeat(500)}`,
  );
  assert.equal(status, 1);
  assert.match(stderr, /The memory of PyTorch's device "auto" is not enough[^]*training\.batchSize/);
});
